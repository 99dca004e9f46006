/**
 * The types that policies speak of. A site may append its own `.cedarschema` text: operations of its gateways as
 * members of a verb (`action "crm/delete_rows" in ["tool.call"] appliesTo …, context: Asked`), further groups of verbs.
 *
 * @module
 */
import { type ResourceKind, Verb } from '@countersign/schema'

/** Verbs that one policy may speak of together: `action in Action::"changes"`. */
const families: Readonly<Record<string, readonly Verb[]>> = {
  reads: ['data.read', 'file.read'],
  changes: ['data.write', 'schema.change', 'iam.grant', 'infra.change', 'model.deploy', 'file.write'],
  calls: ['tool.call', 'http.call', 'shell.exec', 'model.invoke'],
}

/** The Cedar type of a resource of this kind. */
export const entityTypes: Readonly<Record<ResourceKind, string>> = {
  dataset: 'Dataset',
  model: 'Model',
  role: 'Role',
  tool: 'Tool',
  file: 'File',
  route: 'Route',
  host: 'Host',
  unknown: 'Unknown',
}

const applies = `appliesTo { principal: [Agent], resource: [${Object.values(entityTypes).join(', ')}], context: Asked }`

const familiesOf = (verb: Verb) => Object.keys(families).filter((family) => families[family]?.includes(verb))

/** Ships with the product. A number that nobody knows is the largest there is, so that it matches sign-offs. */
export const countersignSchema = `// ── who ──
entity Group;
entity User in [Group];
entity AgentGroup;
entity Agent in [AgentGroup] { owner: User, team: Group };

// ── what; \`known\` is false for what the registry does not list ──
entity Domain;
entity Dataset in [Domain] { classes: Set<String>, known: Bool };
entity Model { external: Bool, known: Bool };
entity Role { privileged: Bool, known: Bool };
entity Tool, File, Route, Host, Unknown;

// ── the circumstances, the same for every action ──
type When = { hour: Long, weekday: Long };
type Lineage = { datasets: Set<Dataset>, classes: Set<String>, sensitive: Bool, known: Bool };
type Destination = { name: String, outside: Bool, known: Bool };
type Asked = {
  env: String,
  risk: Long,
  on_behalf_of?: User,
  when: When,
  lineage: Lineage,
  model?: Model,
  destination?: Destination,
  client: String,
  gateway: String,
  mode: String,
  operation: String,
  purpose: Bool,
  rows: Long,
  rows_known: Bool,
  bytes: Long,
  bytes_known: Bool,
};

// ── the verbs, and families of them ──
${Object.keys(families)
  .map((family) => `action "${family}";`)
  .join('\n')}
${Verb.options
  .map((verb) => {
    const parents = familiesOf(verb).map((family) => `"${family}"`)
    const itself = `action "${verb}"${parents.length > 0 ? ` in [${parents.join(', ')}]` : ''} ${applies};`
    // What a call is asked as that changes something: sign-offs on changes are about it too.
    return families.calls?.includes(verb)
      ? `${itself}\naction "${verb}:change" in ["${verb}", "changes"] ${applies};`
      : itself
  })
  .join('\n')}
`
