import { Registry } from '@countersign/schema'
import { Config, sections } from '@countersign/server'
import { z } from 'zod'

/** As much of JSON Schema as zod writes for our sections. */
interface Shape {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Shape | boolean
  readonly items?: Shape
  readonly anyOf?: readonly Shape[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
}

interface Row {
  /** The section that the key stands in, as a path. */
  readonly group: string
  readonly key: string
  readonly takes: string
  readonly otherwise: string
  readonly says: string
}

/** `docs/configuration.md`: every key of `countersign.yaml`, from the schemas that read it. */
export function configurationPage(): string {
  return `# Configuration

_Printed from the schemas of the parts by \`npm run docs\`. A file with every section, to copy from:
[countersign.example.yaml](../examples/countersign.example.yaml)._

One file, \`countersign.yaml\`: the one that \`--config\` names, else the one in the current directory, else the defaults
below. Unknown keys are refused. Paths are taken from the folder of the file.

Secrets stay out of it. \`\${NAME}\` in a value is taken from the environment, a value that begins with \`file:\` is the text
of that file. \`countersign check\` reads and compiles everything that \`serve\` does, and says all that is wrong with file,
line and column; with \`--connect\` it also tries what the file names.

Policies and registry are read again when their files are others than they were, and by \`countersign reload\` or SIGHUP; the
old ones stay in force if the new ones do not pass their checks. Everything else is read at the start.

Of channels and followers there may be several of one type, each under a name of its own that says its \`type\`:
\`channels: { webhook: { … }, pager: { type: webhook, … } }\`.

Numbers that are no key stand in [limits](limits.md), each with its reason.

In a key, \`<name>\` stands for a name of your own and \`[]\` for each entry of a list.

## The deployment

${tables(Config, '', ['registry', 'gateways', 'channels', 'followers'])}

## registry

What Countersign knows of your data, models, destinations, roles and groups: here under \`registry\`, or in a YAML file that
\`registry\` names (default \`./policies/registry.yaml\`), or an empty one (\`registry: {}\`). Its words are the operators', never an agent's.

${tables(Registry, 'registry')}

${partsOf('gateways')}

${partsOf('channels')}

${partsOf('followers')}
`
}

/** What a part is, before its keys. */
const about: Readonly<Record<string, string>> = {
  'gateways.http': `A reverse proxy in front of named upstreams, on its own listener. Where a key takes \`{cel}\`, it takes either the value
itself or \`{ cel: "…" }\`: an expression over \`params\`, \`query\`, \`queries\`, \`headers\`, \`body\`, \`form\` and \`forms\` of the sealed request; none that
could take long over what an agent sends. \`grouped(n)\` writes a number as people read it: 48,211. Names of which some reader would make another are refused: \`docs/one-reading.md\`.`,
  'gateways.mcp': `The Model Context Protocol at \`/mcp/<server>\` of Countersign's own listener. Expressions (\`{ cel: "…" }\`) are over
\`arguments\`, as sealed, with \`grouped(n)\` as above. Names of which some reader would make another are refused: \`docs/one-reading.md\`.`,
}

/** Every part of a kind; without its section a part does not start. */
const partsOf = (kind: keyof typeof sections): string =>
  Object.entries(sections[kind])
    .map(([name, schema]) => {
      const key = `${kind}.${name}`
      return `## ${key}\n\n${about[key] ?? schema.description ?? ''}\n\n${tables(schema, key)}`
    })
    .join('\n\n')

/** A table per group of keys, so that no key repeats the way that leads to it. */
function tables(schema: z.ZodType, at: string, without: readonly string[] = []): string {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape
  const groups = new Map<string, Row[]>()
  for (const row of rowsIn(shape, at)) {
    if (without.includes((row.group === '' ? row.key : row.group).split('.')[0] ?? '')) continue
    groups.set(row.group, [...(groups.get(row.group) ?? []), row])
  }
  return [...groups].map(([group, rows]) => (group === at ? '' : `### \`${group}\`\n\n`) + tableOf(rows)).join('\n\n')
}

function tableOf(rows: readonly Row[]): string {
  const columns = rows.some(({ says }) => says !== '') ? 4 : 3
  const line = (...cells: readonly string[]) => `| ${cells.slice(0, columns).join(' | ')} |`
  return [
    line('key', 'takes', 'default', 'what it is'),
    line('---', '---', '---', '---'),
    ...rows.map(({ key, takes, otherwise, says }) => line(`\`${key}\``, takes, otherwise, says)),
  ].join('\n')
}

function rowsIn(shape: Shape, group: string): Row[] {
  const rows = membersOf(shape).map(({ name, member, required }) => ({
    group,
    key: name,
    takes: takes(member),
    otherwise: required ?? (isSection(member) ? '' : otherwise(member.default)),
    says: member.description ?? '',
  }))
  const below = membersOf(shape).flatMap(({ name, member }) => {
    const [inner, at] = innerOf(member, group === '' ? name : `${group}.${name}`)
    return inner.length === 0 ? [] : rowsIn({ anyOf: inner }, at)
  })
  return [...rows, ...below]
}

interface Member {
  readonly name: string
  readonly member: Shape
  /** How it is required, where it is. */
  readonly required: string | undefined
}

/** Of a section with two forms, each key once; what only one form needs is required instead of what the other needs. */
function membersOf(shape: Shape): Member[] {
  const forms = alternatives(shape).filter(({ properties }) => properties)
  const members = new Map<string, Member>()
  for (const { properties = {}, required = [] } of forms) {
    for (const [name, member] of Object.entries(properties)) {
      const others = forms.flatMap((form) => (form.properties?.[name] ? [] : (form.required ?? [])))
      const or = others.length > 0 ? `, or \`${others.join('`, `')}\`` : ''
      members.set(name, { name, member, required: required.includes(name) ? `_required_${or}` : undefined })
    }
  }
  return [...members.values()]
}

/** The objects that lie under a key, and how keys in them begin. */
function innerOf(member: Shape, key: string): [readonly Shape[], string] {
  const objects = alternatives(member).filter((one) => one.properties && !isCel(one))
  if (objects.length > 0) return [objects, key]
  const { items, additionalProperties } = member
  if (items) return [alternatives(items).filter((one) => one.properties), `${key}[]`]
  if (typeof additionalProperties !== 'object') return [[], '']
  return [alternatives(additionalProperties).filter((one) => one.properties), `${key}.<name>`]
}

const alternatives = (shape: Shape): readonly Shape[] => shape.anyOf ?? [shape]
const isSection = (shape: Shape) => alternatives(shape).every(({ properties }) => properties)
const isCel = ({ properties }: Shape) => properties !== undefined && Object.keys(properties).join('') === 'cel'

function takes(shape: Shape): string {
  const { anyOf, enum: words, type, items, additionalProperties, properties } = shape
  if (anyOf) return [...new Set(anyOf.map(takes))].join(' or ')
  if (isCel(shape)) return '`{cel}`'
  if (words) return words.map((word) => `\`${String(word)}\``).join(', ')
  if (properties) return 'section'
  if (type === 'array') return `list of ${items ? takes(items) : 'anything'}`
  if (type === 'object')
    return `name → ${typeof additionalProperties === 'object' ? takes(additionalProperties) : 'any'}`
  if (type === 'integer') return `number${bounds(shape)}`
  return type === 'string' ? 'text' : (type ?? 'anything')
}

/** zod writes the largest safe integer where nothing bounds a number. */
function bounds({ minimum, exclusiveMinimum, maximum }: Shape): string {
  const from = exclusiveMinimum === undefined ? minimum : exclusiveMinimum + 1
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum
  if (from === undefined || from <= Number.MIN_SAFE_INTEGER) return ''
  return most === undefined ? `, ${from} or more` : ` ${from}–${most}`
}

function otherwise(value: unknown): string {
  if (value === undefined) return ''
  const text = Array.isArray(value) ? value.map(String).join(', ') : JSON.stringify(value)
  const empty = ['', '{}'].includes(text)
  return empty ? 'none' : `\`${text.replaceAll('"', '').replaceAll('|', '\\|')}\``
}
