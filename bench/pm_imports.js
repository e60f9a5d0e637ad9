// pm_imports.js DATABASE FILE - imports a CSV file as Node scripts do: rows are checked one
// by one, and written by the thousand with unnest() and ON CONFLICT
const fs = require('fs')
const { Client } = require('pg')

const AT_ONCE = 1000
const SUPPLIER = '01a21d28-7d45-7936-84e2-06bc7f30a5bb'
const DECIMAL = /^\d+(\.\d+)?$/
const INTEGER = /^\d+$/

// The values of each record; quotes are doubled inside of quotes.
async function * records (file) {
  let rest = ''
  for await (const piece of fs.createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const text = rest + piece
    let start = 0
    for (let end; (end = text.indexOf('\n', start)) >= 0; start = end + 1) yield split(text.slice(start, end))
    rest = text.slice(start)
  }
  if (rest !== '') yield split(rest)
}

function split (line) {
  if (!line.includes('"')) return line.split(',')
  const values = []
  for (let at = 0; at <= line.length; at++) {
    if (line[at] === '"') {
      let value = ''
      for (;;) {
        const end = line.indexOf('"', at + 1)
        value += line.slice(at + 1, end)
        at = end + 1
        if (line[at] !== '"') break
        value += '"'
      }
      values.push(value)
    } else {
      const end = line.indexOf(',', at)
      values.push(line.slice(at, end < 0 ? line.length : end))
      at = end < 0 ? line.length : end
    }
  }
  return values
}

function isGtin (code) {
  if (!/^\d{8,14}$/.test(code)) return false
  let sum = 0
  for (let i = 0; i < code.length; i++) sum += Number(code[code.length - 1 - i]) * (i % 2 === 0 ? 1 : 3)
  return sum % 10 === 0
}

function isGood ([ean, , name, , , , weight, cost, price, stock, , onHand]) {
  return isGtin(ean) && name !== '' && DECIMAL.test(weight) && DECIMAL.test(cost) && DECIMAL.test(price) && INTEGER.test(stock) && INTEGER.test(onHand)
}

async function write (client, brands, categories, batch) {
  const column = (i) => batch.map((values) => values[i])
  await client.query('BEGIN')
  const { rows } = await client.query({
    name: 'products',
    text: `INSERT INTO pm_catalog.products (gtin, supplier_id, title, description, brand_id, category_id, weight, technical_specs)
           SELECT r.gtin::pm_gtin.gtin, '${SUPPLIER}', r.title, r.text, r.brand, r.category, r.weight, r.specs
           FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::numeric[], $7::jsonb[]) AS r(gtin, title, text, brand, category, weight, specs)
           ON CONFLICT (gtin) WHERE deleted_at IS NULL
           DO UPDATE SET title = excluded.title, description = excluded.description, brand_id = excluded.brand_id, category_id = excluded.category_id, weight = excluded.weight, technical_specs = excluded.technical_specs
           RETURNING id`,
    values: [column(0), column(2), column(3), batch.map((values) => brands.get(values[4])), batch.map((values) => categories.get(values[5])), column(6), batch.map((values) => JSON.stringify({ colour: values[10] }))]
  })
  const ids = rows.map((row) => row.id)
  await client.query({
    name: 'offers',
    text: `INSERT INTO pm_catalog.supplier_products (product_id, supplier_id, supplier_sku, cost, stock)
           SELECT r.id, '${SUPPLIER}', r.no, r.cost, r.stock FROM unnest($1::uuid[], $2::text[], $3::numeric[], $4::integer[]) AS r(id, no, cost, stock)
           ON CONFLICT (product_id, supplier_id) DO UPDATE SET supplier_sku = excluded.supplier_sku, cost = excluded.cost, stock = excluded.stock`,
    values: [ids, column(1), column(7), column(9)]
  })
  await client.query({
    name: 'prices',
    text: `INSERT INTO pm_catalog.product_prices (product_id, price, cost)
           SELECT * FROM unnest($1::uuid[], $2::numeric[], $3::numeric[]) ON CONFLICT DO NOTHING`,
    values: [ids, column(8), column(7)]
  })
  await client.query({
    name: 'stocks',
    text: `INSERT INTO pm_catalog.product_stocks (product_id, on_hand) SELECT * FROM unnest($1::uuid[], $2::integer[])
           ON CONFLICT (product_id, variant_id, location) DO UPDATE SET on_hand = excluded.on_hand`,
    values: [ids, column(11)]
  })
  await client.query('COMMIT')
}

async function main () {
  const [database, file] = process.argv.slice(2)
  const client = new Client({ database })
  await client.connect()
  const brands = new Map((await client.query('SELECT name, id FROM named_brands')).rows.map((row) => [row.name, row.id]))
  const categories = new Map((await client.query('SELECT path, id FROM named_categories')).rows.map((row) => [row.path, row.id]))
  const seen = new Set()
  let batch = []
  for await (const values of records(file)) {
    if (!isGood(values) || seen.has(values[0])) continue
    seen.add(values[0])
    batch.push(values)
    if (batch.length === AT_ONCE) {
      await write(client, brands, categories, batch)
      batch = []
    }
  }
  if (batch.length > 0) await write(client, brands, categories, batch)
  await client.end()
}

main()
