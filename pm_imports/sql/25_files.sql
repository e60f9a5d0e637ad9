-- Files that were imported.

CREATE TABLE pm_imports.import_files (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  file_name text NOT NULL,
  path text COLLATE "C",
  size bigint NOT NULL DEFAULT 0,
  sha256 bytea,
  device bigint,
  inode bigint,
  modified_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz,
  chunks integer NOT NULL DEFAULT 0,
  uploaded_by regrole,
  polled_for uuid REFERENCES pm_imports.import_configs ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  CONSTRAINT file_name_is_1_to_255_printable_characters CHECK (length(file_name) BETWEEN 1 AND 255 AND file_name COLLATE "C" !~ '[\x01-\x1f\x7f]'),
  CONSTRAINT size_is_not_negative CHECK (size >= 0),
  CONSTRAINT sha256_has_32_bytes CHECK (octet_length(sha256) = 32),
  CONSTRAINT finished_files_have_a_sha256 CHECK ((sha256 IS NULL) = (finished_at IS NULL)),
  CONSTRAINT a_file_is_here_or_on_the_server CHECK (
    CASE WHEN path IS NULL THEN uploaded_by IS NOT NULL AND device IS NULL AND inode IS NULL
    ELSE uploaded_by IS NULL AND chunks = 0 AND finished_at IS NOT NULL AND device IS NOT NULL AND inode IS NOT NULL END)
);
CREATE INDEX import_files_sha256 ON pm_imports.import_files (sha256);
CREATE INDEX import_files_path ON pm_imports.import_files (path) WHERE path IS NOT NULL;
CREATE INDEX import_files_polled_for ON pm_imports.import_files (polled_for);
CREATE INDEX import_files_unfinished ON pm_imports.import_files (modified_at) WHERE finished_at IS NULL;
COMMENT ON TABLE pm_imports.import_files IS 'Files that were imported, or that a directory had, and uploads under way. A file of the server is named, not kept; content of an upload is in import_file_chunks until it is forgotten';
COMMENT ON COLUMN pm_imports.import_files.id IS 'key; of an upload: what append_upload() takes';
COMMENT ON COLUMN pm_imports.import_files.file_name IS 'its name, without directories';
COMMENT ON COLUMN pm_imports.import_files.path IS 'where it is on the server, without symbolic links; NULL: it was uploaded';
COMMENT ON COLUMN pm_imports.import_files.size IS 'bytes; of an upload under way: so far';
COMMENT ON COLUMN pm_imports.import_files.sha256 IS 'SHA-256 of its bytes; NULL: an upload under way';
COMMENT ON COLUMN pm_imports.import_files.device IS 'of the server''s file: number of its file system';
COMMENT ON COLUMN pm_imports.import_files.inode IS 'of the server''s file: its number there';
COMMENT ON COLUMN pm_imports.import_files.modified_at IS 'when it was last written; of an upload: appended to';
COMMENT ON COLUMN pm_imports.import_files.changed_at IS 'of the server''s file: when it last changed, as its file system says and nobody can set (ctime); NULL if that was less than two seconds before its SHA-256 was computed, as a later change could have the same time. A file that has not changed since is not read for its SHA-256 again';
COMMENT ON COLUMN pm_imports.import_files.chunks IS 'chunks in import_file_chunks; 0: none, or forgotten';
COMMENT ON COLUMN pm_imports.import_files.uploaded_by IS 'role that uploads or uploaded it';
COMMENT ON COLUMN pm_imports.import_files.polled_for IS 'config in whose directory it lies, and which had just imported its bytes: it need not be read again';
COMMENT ON COLUMN pm_imports.import_files.created_at IS 'when it was met, or the upload began';
COMMENT ON COLUMN pm_imports.import_files.finished_at IS 'when it was complete; NULL: an upload under way';

CREATE TABLE pm_imports.import_file_chunks (
  file_id uuid NOT NULL REFERENCES pm_imports.import_files ON DELETE CASCADE,
  chunk integer NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (file_id, chunk),
  CONSTRAINT chunk_is_not_negative CHECK (chunk >= 0),
  CONSTRAINT content_is_1_byte_to_16_mb CHECK (octet_length(content) BETWEEN 1 AND 16777216)
);
-- as it came: most of it is compressed already, or is read once
ALTER TABLE pm_imports.import_file_chunks ALTER content SET STORAGE EXTERNAL;
COMMENT ON TABLE pm_imports.import_file_chunks IS 'Content of uploads, in order of chunk; goes with the file, or by forget()';
COMMENT ON COLUMN pm_imports.import_file_chunks.file_id IS 'the file';
COMMENT ON COLUMN pm_imports.import_file_chunks.chunk IS 'from 0, without gaps';
COMMENT ON COLUMN pm_imports.import_file_chunks.content IS 'bytes of the file, 16 MB at most';

SELECT pg_extension_config_dump('pm_imports.import_files', '');
SELECT pg_extension_config_dump('pm_imports.import_file_chunks', '');
