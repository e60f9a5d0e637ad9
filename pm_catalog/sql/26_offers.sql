-- What a supplier offers, what we ask, what we have.  Pages stay free in part, as those of products.

CREATE TABLE pm_catalog.supplier_products (
  product_id uuid NOT NULL REFERENCES pm_catalog.products ON DELETE CASCADE,
  supplier_id uuid NOT NULL REFERENCES pm_catalog.suppliers,
  supplier_sku text COLLATE "C" CONSTRAINT supplier_sku_is_a_reference CHECK (pm_catalog.is_reference(supplier_sku)),
  cost numeric CONSTRAINT cost_is_an_amount CHECK (pm_catalog.is_amount(cost)),
  currency text COLLATE "C" NOT NULL DEFAULT 'EUR' CONSTRAINT currency_is_of_iso_4217 CHECK (pm_catalog.is_currency(currency)),
  stock integer CONSTRAINT stock_is_not_negative CHECK (stock >= 0),
  lead_time_days integer CONSTRAINT lead_time_is_not_negative CHECK (lead_time_days >= 0),
  min_quantity integer NOT NULL DEFAULT 1 CONSTRAINT min_quantity_is_positive CHECK (min_quantity > 0),
  is_active boolean NOT NULL DEFAULT true,
  digest uuid,
  other_digests uuid[],
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (product_id, supplier_id)
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX supplier_products_supplier_sku ON pm_catalog.supplier_products (supplier_id, supplier_sku);
COMMENT ON TABLE pm_catalog.supplier_products IS 'offers: which supplier sells us which product, and how';
COMMENT ON COLUMN pm_catalog.supplier_products.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.supplier_products.supplier_id IS 'who offers it';
COMMENT ON COLUMN pm_catalog.supplier_products.supplier_sku IS 'the supplier''s own article number, unique within the supplier';
COMMENT ON COLUMN pm_catalog.supplier_products.cost IS 'what we pay for one, without tax';
COMMENT ON COLUMN pm_catalog.supplier_products.currency IS 'of the cost (ISO 4217)';
COMMENT ON COLUMN pm_catalog.supplier_products.stock IS 'pieces that the supplier says it has; NULL: it does not say';
COMMENT ON COLUMN pm_catalog.supplier_products.lead_time_days IS 'days from order to arrival';
COMMENT ON COLUMN pm_catalog.supplier_products.min_quantity IS 'the least that can be ordered';
COMMENT ON COLUMN pm_catalog.supplier_products.is_active IS 'does the supplier still offer it?';
COMMENT ON COLUMN pm_catalog.supplier_products.digest IS 'kept by merge_products(): digest of the supplier''s row as it was merged last; bytes 6 and 7 are the areas of columns of which it says something; NULL: the next merge writes the row';
COMMENT ON COLUMN pm_catalog.supplier_products.other_digests IS 'kept by merge_products(): digests of rows of other files of the supplier, such as one of stocks beside one of products, of which nothing was written since; the latest first, four at most';
COMMENT ON COLUMN pm_catalog.supplier_products.created_at IS 'when it was offered first';
COMMENT ON COLUMN pm_catalog.supplier_products.updated_at IS 'when the offer last changed';

CREATE TABLE pm_catalog.product_prices (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  product_id uuid NOT NULL REFERENCES pm_catalog.products ON DELETE CASCADE,
  supplier_id uuid REFERENCES pm_catalog.suppliers,
  variant_id uuid,
  price_type text COLLATE "C" NOT NULL DEFAULT 'retail' CONSTRAINT price_type_is_a_slug CHECK (pm_catalog.is_slug(price_type)),
  price numeric NOT NULL CONSTRAINT price_is_an_amount CHECK (pm_catalog.is_amount(price)),
  cost numeric CONSTRAINT cost_is_an_amount CHECK (pm_catalog.is_amount(cost)),
  margin numeric GENERATED ALWAYS AS (CASE WHEN price > 0 THEN round((price - cost) * 100 / price, 2) END) STORED,
  compare_at_amount numeric CONSTRAINT compare_at_amount_is_an_amount CHECK (pm_catalog.is_amount(compare_at_amount)),
  currency text COLLATE "C" NOT NULL DEFAULT 'EUR' CONSTRAINT currency_is_of_iso_4217 CHECK (pm_catalog.is_currency(currency)),
  min_quantity integer NOT NULL DEFAULT 1 CONSTRAINT min_quantity_is_positive CHECK (min_quantity > 0),
  valid_from timestamptz NOT NULL DEFAULT now() CONSTRAINT valid_from_is_finite CHECK (isfinite(valid_from)),
  valid_until timestamptz CONSTRAINT valid_until_is_finite CHECK (isfinite(valid_until)),
  ends_at timestamptz CONSTRAINT ends_at_is_finite CHECK (isfinite(ends_at)),
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT price_period_ends_after_its_start CHECK (valid_until > valid_from AND ends_at > valid_from),
  CONSTRAINT compare_at_amount_is_above_price CHECK (compare_at_amount > price)
) WITH (fillfactor = 90);
-- valid_from before supplier_id: the neighbours of a period are beside it in the index
-- also for our own prices, whose supplier_id is NULL
CREATE UNIQUE INDEX product_prices_period ON pm_catalog.product_prices (product_id, price_type, currency, min_quantity, valid_from, supplier_id, variant_id) NULLS NOT DISTINCT;
CREATE INDEX product_prices_variant_id ON pm_catalog.product_prices (product_id, variant_id) WHERE variant_id IS NOT NULL;
CREATE INDEX product_prices_supplier_id ON pm_catalog.product_prices (supplier_id) WHERE supplier_id IS NOT NULL;
COMMENT ON TABLE pm_catalog.product_prices IS 'prices and their history: periods of one product, variant, type, currency, minimum quantity and supplier never overlap; the next one ends the one before';
COMMENT ON COLUMN pm_catalog.product_prices.id IS 'key';
COMMENT ON COLUMN pm_catalog.product_prices.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.product_prices.supplier_id IS 'the supplier whose price it is; NULL: ours';
COMMENT ON COLUMN pm_catalog.product_prices.variant_id IS 'one of its variants; NULL: the product itself, and each variant at times when it has no price of its own';
COMMENT ON COLUMN pm_catalog.product_prices.price_type IS 'kind of price, such as retail or wholesale';
COMMENT ON COLUMN pm_catalog.product_prices.price IS 'for one piece';
COMMENT ON COLUMN pm_catalog.product_prices.cost IS 'what one costs us';
COMMENT ON COLUMN pm_catalog.product_prices.margin IS 'share of the price that is not cost, in percent, two decimals; NULL without cost or for a price of 0';
COMMENT ON COLUMN pm_catalog.product_prices.compare_at_amount IS 'the higher price that is shown struck through; see lowest_price()';
COMMENT ON COLUMN pm_catalog.product_prices.currency IS 'of price, cost and compare_at_amount (ISO 4217)';
COMMENT ON COLUMN pm_catalog.product_prices.min_quantity IS 'the price holds from this many pieces on';
COMMENT ON COLUMN pm_catalog.product_prices.valid_from IS 'start of the period, inclusive';
COMMENT ON COLUMN pm_catalog.product_prices.valid_until IS 'its end, exclusive: the start of the next period, or ends_at if that is earlier; NULL: none. Kept by the server; writing another time here writes ends_at';
COMMENT ON COLUMN pm_catalog.product_prices.ends_at IS 'the end that was written, which holds again when the next period goes; NULL: the price is valid until there is another';
COMMENT ON COLUMN pm_catalog.product_prices.is_active IS 'false: the price is not asked though its period has come';
COMMENT ON COLUMN pm_catalog.product_prices.created_at IS 'when it was written';

CREATE TABLE pm_catalog.product_stocks (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  product_id uuid NOT NULL REFERENCES pm_catalog.products ON DELETE CASCADE,
  variant_id uuid,
  location text COLLATE "C" NOT NULL DEFAULT 'main' CONSTRAINT location_is_a_slug CHECK (pm_catalog.is_slug(location)),
  on_hand integer NOT NULL DEFAULT 0 CONSTRAINT on_hand_is_not_negative CHECK (on_hand >= 0),
  reserved integer NOT NULL DEFAULT 0 CONSTRAINT reserved_is_not_negative CHECK (reserved >= 0),
  available integer NOT NULL GENERATED ALWAYS AS (on_hand - reserved) STORED,
  low_stock_threshold integer CONSTRAINT low_stock_threshold_is_not_negative CHECK (low_stock_threshold >= 0),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT reserved_is_at_most_on_hand CHECK (reserved <= on_hand)
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX product_stocks_location ON pm_catalog.product_stocks (product_id, variant_id, location) NULLS NOT DISTINCT;
COMMENT ON TABLE pm_catalog.product_stocks IS 'our stock of a product or of one of its variants at a location';
COMMENT ON COLUMN pm_catalog.product_stocks.id IS 'key';
COMMENT ON COLUMN pm_catalog.product_stocks.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.product_stocks.variant_id IS 'one of its variants; NULL: the product itself';
COMMENT ON COLUMN pm_catalog.product_stocks.location IS 'where it lies, such as main or shop-lyon';
COMMENT ON COLUMN pm_catalog.product_stocks.on_hand IS 'pieces that are there';
COMMENT ON COLUMN pm_catalog.product_stocks.reserved IS 'pieces of them that are promised; never more than on_hand';
COMMENT ON COLUMN pm_catalog.product_stocks.available IS 'on_hand - reserved';
COMMENT ON COLUMN pm_catalog.product_stocks.low_stock_threshold IS 'available falling to it is an event (catalog.stock.low); NULL: never';
COMMENT ON COLUMN pm_catalog.product_stocks.updated_at IS 'kept by the server: when it last changed';

SELECT pg_extension_config_dump('pm_catalog.supplier_products', '');
SELECT pg_extension_config_dump('pm_catalog.product_prices', '');
SELECT pg_extension_config_dump('pm_catalog.product_stocks', '');
