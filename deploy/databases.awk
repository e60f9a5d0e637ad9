# databases.awk - reads databases.conf and files like it, and checks every line
#
#   awk -v one=NAME -f databases.awk FILE...
#
# Prints rows of tab-separated fields, the first of which says what the row is:
#
#   database  NAME HOST PORT POOL LINKS LIMIT EXTENSIONS SEARCH_PATH
#   queue     NAME CONCURRENCY EXTENSION
#   schedule  NAME SPEC QUEUE KIND
#   reference NAME DATABASE HOST PORT TABLE COLUMN OTHER HOST PORT TABLE COLUMN
#   topic     TOPIC DATABASE HOST PORT SUBSCRIBER HOST PORT QUEUE KIND
#   setting   NAME VALUE
#
# OTHER and SUBSCRIBER are - where they are the database itself.
#
# LINKS: sessions that workers of other databases may need; LIMIT: all sessions of the
# database that are no superuser's, one of them the pooler's own.  Lists are arrays as
# COPY reads them.  HOST is - where libpq is to choose.
#
# one: all databases are one of that name, with all extensions, and stand in for each.
#
# Mistakes go to standard error, a line each; then nothing is printed and the exit
# status is 1.

function complain(message) {
  print message > "/dev/stderr"
  mistakes++
}

# of the line that is read
function mistake(message) {
  complain(FILENAME ":" FNR ": " message)
}

function is_name(word) {
  return word ~ /^[a-z_][a-z0-9_]*$/ && length(word) <= 63
}

# one host, which pgbouncer.ini takes as it is
function is_host(word) {
  return word !~ /[[:space:][:cntrl:],'"\\]/
}

# Is the word a whole number from low to high?  Else a mistake.
function check_number(word, low, high, what) {
  if (word ~ /^[0-9]+$/ && length(word) <= 9 && word + 0 >= low && word + 0 <= high)
    return 1
  mistake("invalid " what ": \"" word "\"; it is a number from " low " to " high)
  return 0
}

# Are these different names, separated by commas?  Else a mistake.
function check_list(list, what,    words, n, i, seen) {
  n = split(list, words, ",")
  for (i = 1; i <= n; i++) {
    if (!is_name(words[i]))
      mistake("invalid " what ": \"" words[i] "\"")
    if (words[i] in seen)
      mistake(what " \"" words[i] "\" twice")
    seen[words[i]]
  }
}

# Notes that the line says something for the first time; else a mistake.
function check_new(key, what) {
  if (key in place)
    mistake(what " twice; the first is " place[key])
  else
    place[key] = FILENAME ":" FNR
}

# Is this schema.table.column?  Else a mistake.
function check_column(word,    words) {
  if (split(word, words, ".") != 3 || !is_name(words[1]) || !is_name(words[2]) || !is_name(words[3]))
    mistake("invalid column: \"" word "\"; it is schema.table.column")
}

# Is the number of words right?  Else a mistake.
function check_words(n, usage) {
  if (NF == n)
    return 1
  mistake("a line is \"" usage "\"")
  return 0
}

# Adds the words of a list to another that lack there.
function unite(list, more,    words, n, i) {
  n = split(more, words, ",")
  for (i = 1; i <= n; i++)
    if (index("," list ",", "," words[i] ",") == 0)
      list = list (list == "" ? "" : ",") words[i]
  return list
}

# NAME HOST PORT of a database; the name is - if it is the same as another.
function at(name, other) {
  if (one != "")
    return (other == "" ? one : "-") "\t" host[one] "\t" port[one]
  return (name == other ? "-" : name) "\t" host[name] "\t" port[name]
}

function table_and_column(word) {
  sub(/\.[^.]*$/, "\t&", word)
  sub(/\t\./, "\t", word)
  return word
}

{ sub(/#.*/, "") }

NF == 0 { next }

# neither COPY nor pgbouncer.ini takes these as they are
{
  line = $0
  gsub(/\t/, " ", line)
  if (line ~ /[\\"[:cntrl:]]/) {
    mistake("a backslash, a double quote or a control character")
    next
  }
}

$1 == "database" {
  if (!check_words(5, "database NAME POOL EXTENSIONS SEARCH_PATH"))
    next
  if (!is_name($2))
    mistake("invalid name of a database: \"" $2 "\"; it has small letters, digits and _")
  check_new("database " $2, "database \"" $2 "\"")
  check_number($3, 1, 10000, "pool of database \"" $2 "\"")
  check_list($4, "extension")
  check_list($5, "schema")
  databases[++n_databases] = $2
  pool[$2] = $3
  extensions[$2] = $4
  path[$2] = $5
  next
}

$1 == "server" {
  if (!check_words(4, "server DATABASE HOST PORT"))
    next
  check_new("server " $2, "the server of database \"" $2 "\"")
  if (!is_host($3))
    mistake("invalid host of database \"" $2 "\": \"" $3 "\"; it is a name, an address or a directory")
  check_number($4, 1, 65535, "port of database \"" $2 "\"")
  host[$2] = $3
  port[$2] = $4 + 0
  next
}

$1 == "queue" {
  if (!check_words(4, "queue NAME CONCURRENCY EXTENSION"))
    next
  check_new("queue " $2, "queue \"" $2 "\"")
  check_number($3, 1, 1000, "concurrency of queue \"" $2 "\"")
  if (!is_name($4))
    mistake("invalid extension: \"" $4 "\"")
  queues[++n_queues] = $2 "\t" $3 "\t" $4
  needed["extension " $4] = FILENAME ":" FNR
  next
}

$1 == "schedule" {
  if (!check_words(5, "schedule NAME SPEC QUEUE KIND"))
    next
  check_new("schedule " $2, "schedule \"" $2 "\"")
  spec = $3
  gsub(/_/, " ", spec)
  schedules[++n_schedules] = $2 "\t" spec "\t" $4 "\t" $5
  needed["queue " $4] = FILENAME ":" FNR
  next
}

$1 == "reference" {
  if (!check_words(6, "reference NAME DATABASE COLUMN OTHER COLUMN"))
    next
  check_new("reference " $2, "reference \"" $2 "\"")
  check_column($4)
  check_column($6)
  references[++n_references] = $2 " " $3 " " $4 " " $5 " " $6
  needed["database " $3] = needed["database " $5] = FILENAME ":" FNR
  next
}

$1 == "topic" {
  if (!check_words(6, "topic TOPIC DATABASE SUBSCRIBER QUEUE KIND"))
    next
  check_new("topic " $2 " " $3 " " $4, "topic \"" $2 "\" from \"" $3 "\" to \"" $4 "\"")
  topics[++n_topics] = $2 " " $3 " " $4 " " $5 " " $6
  needed["database " $3] = needed["database " $4] = FILENAME ":" FNR
  next
}

$1 == "setting" {
  if (!check_words(3, "setting NAME VALUE"))
    next
  check_new("setting " $2 " in " FILENAME, "setting \"" $2 "\"")
  if ($2 ~ /^(overflow|workers|administration|wait|lifetime)$/)
    check_number($3, $2 == "overflow" ? 0 : 1, $2 == "workers" ? 1024 : 1000000, "setting " $2)
  else if ($2 == "pooler_port")
    check_number($3, 1, 65535, "setting " $2)
  else if ($2 == "secret_key_file") {
    if ($3 !~ /^\/[A-Za-z0-9_.\/-]+$/)
      mistake("invalid setting secret_key_file: \"" $3 "\"; it is an absolute path of letters, digits and _ . / -")
  } else if ($2 !~ /^pooler_(address|socket)$/)
    mistake("unknown setting: \"" $2 "\"")
  setting[$2] = $3
  next
}

{ mistake("unknown word \"" $1 "\"; a line begins with database, server, queue, schedule, reference, topic or setting") }

END {
  for (i = 1; i <= n_databases; i++) {
    known = unite(known, extensions[databases[i]])
    if (one != "") {
      total += pool[databases[i]]
      path[one] = unite(path[one], path[databases[i]])
    }
  }
  if (n_databases == 0)
    complain("no line names a database")
  for (key in place)
    if (key ~ /^server / && !(("database " substr(key, 8)) in place) && substr(key, 8) != one)
      complain(place[key] ": unknown database: \"" substr(key, 8) "\"")
  for (key in needed)
    if (key ~ /^(queue|database) / ? !(key in place) : index("," known ",", "," substr(key, 11) ",") == 0)
      complain(needed[key] ": unknown " key)
  if (!is_host(ENVIRON["PGHOST"]))
    complain("invalid PGHOST: \"" ENVIRON["PGHOST"] "\"; it is a name, an address or a directory")
  if (ENVIRON["PGPORT"] !~ /^[0-9]*$/)
    complain("invalid PGPORT: \"" ENVIRON["PGPORT"] "\"; it is a number")
  n = split("overflow workers administration wait lifetime pooler_address pooler_port pooler_socket", words, " ")
  for (i = 1; i <= n; i++)
    if (!(words[i] in setting))
      complain("setting \"" words[i] "\" is missing")
  if (one != "" && !is_name(one))
    complain("invalid name of a database: \"" one "\"; it has small letters, digits and _")
  if (mistakes)
    exit 1

  if (one != "") {
    n_databases = 1
    databases[1] = one
    pool[one] = total
    extensions[one] = known
  }
  for (i = 1; i <= n_databases; i++) {
    name = databases[i]
    if (!(name in port)) {
      host[name] = ENVIRON["PGHOST"] ? ENVIRON["PGHOST"] : "-"
      port[name] = ENVIRON["PGPORT"] ? ENVIRON["PGPORT"] : 5432
    }
    if (!((host[name], port[name]) in servers)) {
      servers[host[name], port[name]]
      n_servers++
    }
  }
  for (i = 1; i <= n_databases; i++) {
    name = databases[i]
    links = n_databases == 1 ? 0 : setting["workers"] * n_servers
    printf "database\t%s\t%s\t%d\t%d\t%d\t%d\t{%s}\t{%s}\n", name, host[name], port[name], pool[name], links,
      pool[name] + setting["overflow"] + links + 1, extensions[name], path[name]
  }
  for (i = 1; i <= n_queues; i++)
    print "queue\t" queues[i]
  for (i = 1; i <= n_schedules; i++)
    print "schedule\t" schedules[i]
  for (i = 1; i <= n_references; i++) {
    split(references[i], words, " ")
    print "reference\t" words[1] "\t" at(words[2]) "\t" table_and_column(words[3]) "\t" \
      at(words[4], words[2]) "\t" table_and_column(words[5])
  }
  for (i = 1; i <= n_topics; i++) {
    split(topics[i], words, " ")
    print "topic\t" words[1] "\t" at(words[2]) "\t" at(words[3], words[2]) "\t" words[4] "\t" words[5]
  }
  for (key in setting)
    print "setting\t" key "\t" setting[key]
}
