import { allConstants, type Constant } from './constants.ts'

/** `docs/limits.md`: every number an operator may meet and cannot set, with the reason that stands above it. */
export function limitsPage(): string {
  const listed = listedConstants()
  const parts = areas.map(([title, begins]) => {
    const rows = listed.filter(({ file }) => areaOf(file) === title)
    return `## ${title}\n\n${begins}\n\n${tableOf(rows)}`
  })
  return `# Limits

_Printed from the code by \`npm run docs\`._

These are the numbers that Countersign holds to and that no file sets: how much, how long, how many, each with its reason.
What can be configured stands in [configuration](configuration.md). If one of these is in your way, open an issue that
names it, says what you run into and which number you would set: a limit becomes a key when somebody has a need for it.

A file is named by its package and its path there: \`gateways/http/wire\` is \`packages/gateways/src/http/wire.ts\`.

${parts.join('\n\n')}
`
}

/** All but those that no operator could want. */
export const listedConstants = (): readonly Constant[] => allConstants().filter((one) => !leftOut.has(keyOf(one)))

/** Of those left out, which there are no longer. */
export function leftOutInVain(): readonly string[] {
  const there = new Set(allConstants().map(keyOf))
  return [...leftOut].filter((key) => !there.has(key))
}

/** Title, a sentence below it, and how paths of its files begin. */
const areas = [
  [
    'HTTP gateway',
    'What one request, one answer and one connection may be, before anything is judged.',
    /^gateways\/http/,
  ],
  ['MCP gateway', 'What one client, one session and one server behind it may be.', /^gateways\/mcp/],
  ['What actions are called', 'How far rules and expressions go when they name an action.', /^gateways\/meaning/],
  ['Gate and approvals', 'From an action sent to its permit, its run and its record.', /^core\/(?!ledger|lineage)/],
  ['Sign-in and sessions', 'Of people and of agents.', /^identity|^server\/people/],
  ['Policies', 'What is read as a policy, and how it is asked.', /^policy|^server\/in-force/],
  ['Ledger and store', 'What is written, and what is read at once.', /^core\/ledger|^stores/],
  ['Lineage', 'How far the graph of what flowed where is drawn.', /^core\/lineage/],
  ['Followers and channels', 'How what is in the ledger is handed on.', /^server\/(duties|channels)/],
  ['API and console listeners', 'What one request and one window may take.', /^server\/(api|http|agents|config|data)/],
  ['Egress', 'For everything that Countersign calls.', /^egress/],
  ['Command line, demo and SDK', 'What a person at a terminal meets, and who calls from a program.', /^(cli|demo|sdk)/],
] as const

/** What no operator could want, each with a word why. */
const leftOut: ReadonlySet<string> = new Set(
  [
    ['gateways/http/certificates', 'dayMs', 'a unit'],
    ['server/api/agents/agents', 'dayMs', 'a unit'],
    ['server/api/policies/policy-use', 'dayMs', 'a unit'],
    ['policy/annotations', 'unitsMs.s unitsMs.m unitsMs.h unitsMs.d', 'units'],
    ['identity/local/kept', 'thirtyDaysMs', 'listed where it is used'],
    ['core/approval/limits', 'defaults.open defaults.asked defaults.withinMs', 'configuration: `limits`'],
    ['core/limits/denials', 'usuallyDenied', 'configuration: `limits`'],
    ['core/gate/revoked', 'longestTimerMs', 'as far as a timer of Node.js goes'],
    ['core/json/numeral', 'mostMagnitude', 'of doubles, IEEE 754'],
    ['core/ledger/hmac', 'blockBytes macBytes', 'of SHA-256, FIPS 180-4'],
    ['core/ledger/merkle', 'hashBytes', 'of SHA-256, FIPS 180-4'],
    ['stores/postgres/tables/ledger', 'hashBytes', 'of SHA-256, FIPS 180-4'],
    ['core/ledger/note', 'keyTypes.ed25519 keyTypes.cosignature', 'format of signed notes'],
    ['core/ledger/tiles', 'tileWidth tileHeight', 'format of tiles'],
    ['server/api/ledger/tiles', 'fullWidth deepest', 'format of tiles'],
    ['stores/memory/ledger', 'levelsPerTile', 'format of tiles'],
    ['core/ledger/vault', 'keyBytes nonceBytes tagBytes kekIdBytes subjectKeyIdBytes', 'AES-256-GCM, and our format'],
    ['gateways/mcp/token-cipher', 'nonceBytes tagBytes', 'AES-256-GCM'],
    ['core/ledger/plain-json', 'mostDigits', 'of safe integers'],
    ['core/ledger/envelope', 'reservedBytes', 'format of leaves'],
    ['gateways/http/pattern', 'longest', 'a digit of a key to sort by'],
    ['stores/postgres/db', 'int8', 'a type number of PostgreSQL'],
    ['stores/postgres/values', 'oids.int8 oids.text oids.bytea headBytes', 'format of PostgreSQL'],
    ['stores/postgres/embedded/account', 'nobody', 'a user number of Linux'],
    ['stores/postgres/embedded/postmaster', 'port', 'only names a socket in a folder of its own'],
  ].flatMap(([file, names = '']) => names.split(' ').map((name) => `${file} ${name}`)),
)

const placeOf = (file: string) => file.replace(/^packages\/([\w-]+)\/src\//, '$1/').replace(/\.ts$/, '')
const keyOf = ({ file, name }: Constant) => `${placeOf(file)} ${name}`

function areaOf(file: string): string {
  const area = areas.find(([, , begins]) => begins.test(placeOf(file)))
  if (!area) throw new Error(`no area of docs/limits.md takes ${file}`)
  return area[0]
}

const tableOf = (rows: readonly Constant[]): string =>
  [
    '| file | limit | value | why, and what happens beyond it |',
    '| --- | --- | --- | --- |',
    ...rows.map((one) => {
      const reason = one.reason.replaceAll('|', '\\|')
      return `| \`${placeOf(one.file)}\` | \`${one.name}\` | ${written(one)} | ${reason} |`
    }),
  ].join('\n')

/** For people, in the unit that its name says. */
export function written({ name, value }: Pick<Constant, 'name' | 'value'>): string {
  const [first = ''] = name.split('.')
  if (first.endsWith('Ms')) return inUnits(value, times)
  if (first.endsWith('Seconds')) return inUnits(value * 1000, times)
  return first.includes('Bytes') ? inUnits(value, sizes) : grouped(value)
}

type Units = readonly (readonly [unit: string, size: number])[]
const times: Units = [
  ['days', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
  ['ms', 1],
]
const sizes: Units = [
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['bytes', 1],
]

/** In the largest unit that has it within a tenth; a single day is 24 h. */
function inUnits(value: number, units: Units): string {
  const [unit, size] = units.find(
    ([name, size]) => value >= size * (name === 'days' ? 2 : 1) && isShort(value / size),
  ) ?? ['', 1]
  return `${grouped(value / size)} ${unit}`.trim()
}

const isShort = (count: number) => Number.isInteger(count * 10)
const grouped = (value: number) => value.toLocaleString('en-US')
