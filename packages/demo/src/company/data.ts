/**
 * The company's data: every row is worked out from a seed and its number, so that two runs show the same figures and
 * a quarter of a million rows need no file.
 *
 * @module
 */
export type Row = Readonly<Record<string, string | number>>

export interface Dataset {
  readonly name: string
  readonly rows: number
  row(index: number): Row
}

export type DatasetName = 'finance.orders' | 'finance.ledger' | 'crm.customers' | 'support.tickets'

export function createDatasets(seed: number): Readonly<Record<DatasetName, Dataset>> {
  const dataset = (name: DatasetName, rows: number, make: (number: number, chance: Chance) => Row): Dataset => ({
    name,
    rows,
    row: (index) => make(index + 1, chanceOf(seed, name, index)),
  })
  return {
    'finance.orders': dataset('finance.orders', 48_211, (number, { pick, whole }) => ({
      order: `SO-${100_000 + number}`,
      date: dayOf(number, 48_211),
      customer: `C-${1000 + whole(9000)}`,
      country: pick(countries),
      product: pick(products),
      quantity: 1 + whole(40),
      amount: cents(500 + whole(950_000)),
      currency: 'EUR',
      status: pick(['paid', 'paid', 'paid', 'open', 'refunded']),
    })),
    'finance.ledger': dataset('finance.ledger', 120_480, (number, { pick, whole }) => ({
      entry: `GL-${500_000 + number}`,
      date: dayOf(number, 120_480),
      account: pick(['1200 Receivables', '1800 Bank', '3400 Payables', '8400 Revenue', '6300 Other costs']),
      debit: cents(whole(2_000_000)),
      credit: cents(whole(2_000_000)),
      text: pick(['invoice', 'payment', 'correction', 'accrual']),
    })),
    'crm.customers': dataset('crm.customers', 9000, (number, { pick, whole }) => {
      const given = pick(givenNames)
      const family = pick(familyNames)
      return {
        customer: `C-${999 + number}`,
        name: `${given} ${family}`,
        email: `${given}.${family}.${number}@mail.example`.toLowerCase(),
        phone: `+49 30 ${String(1_000_000 + whole(9_000_000))}`,
        born: `${1945 + whole(60)}-${two(1 + whole(12))}-${two(1 + whole(28))}`,
        iban: `DE${two(whole(90) + 10)}50010517${String(whole(1e10)).padStart(10, '0')}`,
      }
    }),
    'support.tickets': dataset('support.tickets', 22_140, (number, { pick, whole }) => ({
      ticket: `T-${10_000 + number}`,
      customer: `C-${1000 + whole(9000)}`,
      subject: pick(['Where is my order?', 'Wrong invoice', 'Cannot sign in', 'Refund, please', 'Change of address']),
      resolved: pick(['yes', 'yes', 'no']),
    })),
  }
}

const countries = ['DE', 'FR', 'NL', 'PL', 'IT', 'ES', 'SE', 'AT']
const products = ['Anvil', 'Rocket skates', 'Giant magnet', 'Bird seed', 'Portable hole', 'Earthquake pills']
const givenNames = ['Mira', 'Jonas', 'Aylin', 'Luca', 'Noor', 'Sofia', 'Emil', 'Hana', 'Pavel', 'Ines']
const familyNames = ['Becker', 'Novak', 'Rossi', 'Yilmaz', 'Dubois', 'Larsen', 'Kowalski', 'Moreau', 'Weiss', 'Santos']

const two = (number: number) => String(number).padStart(2, '0')
const cents = (amount: number) => (amount / 100).toFixed(2)

/** Spreads the rows over the year 2025, in order. */
function dayOf(number: number, rows: number): string {
  const day = Math.floor(((number - 1) / rows) * 365)
  return new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10)
}

interface Chance {
  /** A whole number from 0, below `below`. */
  whole(below: number): number
  pick(from: readonly string[]): string
}

/** One stream of numbers per row (mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c). */
function chanceOf(seed: number, name: string, index: number): Chance {
  let state = seed ^ Math.imul(index + 1, 0x9e3779b1)
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 0x85ebca6b)
  const fraction = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (below: number) => Math.floor(fraction() * below)
  return { whole, pick: (from) => from[whole(from.length)] ?? '' }
}
