/**
 * An instance's record of many actions: who, what, on which data and why are drawn as unevenly as they are in life. So
 * many are recorded as the instance records them; then the tables are multiplied, since a million would take minutes.
 *
 * @module
 */
import { allowedFact, createFrontier, digestOf, newId, sha256, stepOf, type Store } from '@countersign/core'
import {
  type ActionRecord,
  type Agent,
  byPerson,
  bySystem,
  type Entry,
  type Fact,
  type SignOff,
  type Verb,
} from '@countersign/schema'
import type { Db } from '../packages/stores/src/postgres/db.ts'

const perCommit = 50
const verbs: readonly Verb[] = ['data.read', 'data.read', 'data.write', 'data.export', 'tool.call', 'model.invoke']
const classes = ['financial', 'personal', 'health', 'secret', 'public', 'internal']

/**
 * Fills an empty store; every tenth action was permitted and done, every fortieth is a question. The same each time.
 * Gives what was recorded, in the order of the ledger.
 */
export async function fillRecord(store: Store, count: number, say: (progress: string) => void): Promise<Fact[]> {
  const random = drawing(7)
  const agents = [...Array.from({ length: 200 }, (_, place) => `agent-${place}`), formerAgent]
  const facts = agents.map((id): Fact => ({
    kind: 'agent.changed',
    change: 'registered',
    by: bySystem,
    agent: agentCalled(id),
  }))
  await store.commit({ facts })
  for (let done = 0; done < count; done += perCommit) {
    const records = Array.from({ length: Math.min(perCommit, count - done) }, () => recordOf(random))
    const lives = records.flatMap(lifeOf)
    await store.commit({ facts: lives })
    facts.push(...lives)
    if (done % 20_000 === 0) say(`${done} of ${count} actions recorded`)
  }
  return facts
}

/** Did a tenth of all that was done in the first two fifths of the record, and nothing since. */
export const formerAgent = 'agent-of-before'

/** A word that one action alone has, out of so many. */
export const onlyWord = (action: number): string => `only${action}`

/**
 * The actions for the index, `times` as often as they were recorded, each time others: what each is about is drawn anew,
 * so that what is rare among so many is rare. As the follower is told of them: entries in pages.
 */
export function* drawnEntries(facts: readonly Fact[], times: number, pageSize: number): Generator<Entry[]> {
  const random = drawing(11)
  let action = 0
  let page: Entry[] = []
  for (let time = 0; time < times; time += 1) {
    let record: ActionRecord | undefined
    for (const [place, fact] of facts.entries()) {
      const before = stepOf(fact, 'action.decided')?.record
      if (before !== undefined) {
        const share = (time + place / facts.length) / times
        record = { ...recordOf(random, share, onlyWord(action++)), decision: before.decision }
      }
      const index = time * facts.length + place
      page.push({ index, id: '', at: index, fact: record ? ofAction(fact, record) : fact })
      if (page.length < pageSize) continue
      yield page
      page = []
    }
  }
  yield page
}

/** The same that happened, to another action. */
function ofAction(fact: Fact, record: ActionRecord): Fact {
  if (fact.kind === 'action.allowed' || fact.kind === 'action.decided') return { ...fact, record }
  if (fact.kind === 'action.finished') return { ...fact, actionId: record.id }
  if (fact.kind === 'approval.changed') {
    return { ...fact, approval: { ...fact.approval, id: newId('apr'), actionId: record.id } }
  }
  return fact
}

/** Small numbers are drawn far more often than large ones, as names are in any company. */
type Draw = (below: number) => number

function drawing(seed: number): { evenly: Draw; mostlyLow: Draw } {
  let state = seed
  // https://en.wikipedia.org/wiki/Linear_congruential_generator (the constants of Numerical Recipes)
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
  return {
    evenly: (below) => Math.floor(next() * below),
    mostlyLow: (below) => Math.floor(below ** next()) - 1,
  }
}

/** `age` is how much of the record there is before it. What `agent-1` never does is to export. */
function recordOf({ evenly, mostlyLow }: ReturnType<typeof drawing>, age = 1, only = ''): ActionRecord {
  const dataset = { name: `dataset-${mostlyLow(3_000)}`, classes: [], known: true }
  const share = evenly(1_000)
  const drawn = `agent-${mostlyLow(200)}`
  const agent = age < 0.4 && evenly(10) === 0 ? formerAgent : drawn
  const wanted = verbs[evenly(verbs.length)] ?? 'data.read'
  const verb = agent === 'agent-1' && wanted === 'data.export' ? 'data.read' : wanted
  const rests = { because: ['a-policy'], policyVersion: 'v1' }
  const action: ActionRecord['action'] = {
    tenant: 'default',
    gateway: 'mcp',
    mode: 'enforcing',
    verb,
    operation: verb === 'tool.call' ? 'mcp.tools/call' : 'http.request',
    resources: [{ kind: 'dataset', name: dataset.name }],
    parameters: { run: evenly(2 ** 31) },
    environment: share < 700 ? 'prod' : share < 900 ? 'staging' : share < 999 ? 'dev' : 'recovery',
    agent,
    onBehalfOf: `per-${mostlyLow(500)}`,
  }
  const words = Array.from({ length: 4 + evenly(8) }, () => `word${mostlyLow(30_000)}`)
  return {
    id: newId('act'),
    action,
    digest: digestOf(action),
    sentence: `Read some of ${dataset.name}`,
    effect: 'read',
    purpose: { text: `${words.join(' ')} ${only}`, workItem: `OPS-${evenly(100_000)}` },
    dataUse: {
      reads: [dataset],
      writes: evenly(3) === 0 ? [{ ...dataset, name: `dataset-${mostlyLow(3_000)}` }] : [],
      classes: [classes[mostlyLow(6)] ?? 'public'],
      sensitive: false,
      ...(verb === 'model.invoke' && { model: { name: `model-${mostlyLow(12)}`, external: false, known: true } }),
    },
    measures: {},
    risk: { score: Math.min(100, mostlyLow(101)), signals: [] },
    decision:
      share % 40 === 0
        ? { kind: 'ask', ...rests, obligations: [], terms: { signOffs: [signOff] } }
        : share % 33 === 0
          ? { kind: 'deny', ...rests, reason: 'no_grant' }
          : { kind: 'allow', ...rests, obligations: [] },
    observed: false,
    attempt: { credential: 'key' },
    session: 'session',
    client: 'bench',
  }
}

function lifeOf(record: ActionRecord, place: number): Fact[] {
  const decided: Fact = { kind: 'action.decided', record }
  const { decision, id, digest, action } = record
  if (decision.kind === 'ask') return [decided, questionOf(record)]
  if (decision.kind === 'deny' || place % 10 !== 0) return [decided]
  const permit = {
    id: newId('prm'),
    actionId: id,
    asked: digest,
    runs: digest,
    agent: action.agent,
    agentVersion: 1,
    attempt: record.attempt,
    replayable: false,
    node: 'nod_bench',
    epoch: 1,
    runBy: 0,
    deadline: 0,
    policyVersion: 'v1',
  }
  const outcome =
    place % 100 === 0 ? ({ kind: 'failed', summary: 'No.' } as const) : ({ kind: 'done', summary: 'Yes.' } as const)
  return [
    allowedFact(record, permit),
    { kind: 'action.finished', permit: permit.id, actionId: id, outcome, delivered: true },
  ]
}

function questionOf(record: ActionRecord): Fact {
  const { action, dataUse, measures, decision, digest, sentence, risk, client, id } = record
  if (decision.kind !== 'ask') throw new Error('only what is asked is a question')
  const { terms } = decision
  const card = {
    bound: { action, dataUse, measures, terms, obligations: [] },
    advisory: { sentence, risk, client, askedAt: 0, team: 'team' },
  }
  const signature = {
    person: `per-${(digest.charCodeAt(0) * digest.charCodeAt(1)) % 40}-signer`,
    verdict: 'reject' as const,
    assurance: 'chat' as const,
    channel: 'chat',
    at: 0,
    digest,
    shown: digest,
    groups: ['team'],
    membershipAsOf: 0,
  }
  const approval = {
    state: 'rejected' as const,
    id: newId('apr'),
    version: 1,
    actionId: id,
    digest,
    card,
    shown: digest,
    decision,
    terms,
    team: 'team',
    barred: [],
    signatures: [signature],
    askedAt: 0,
    expiresAt: 1,
    settledAt: 1,
  }
  return { kind: 'approval.changed', change: 'rejected', by: byPerson(signature.person), approval, signature }
}

const agentCalled = (id: string): Agent => ({
  id,
  version: 1,
  name: id,
  owner: 'per-0',
  team: 'team',
  groups: [],
  environment: 'prod',
  mode: 'enforce',
  status: 'active',
  keys: [],
  registeredBy: 'system',
  changedBy: 'system',
})

const signOff: SignOff = {
  id: 'a-policy',
  doc: 'Some of it needs a person.',
  owner: 'team',
  quorum: 1,
  from: ['team'],
  timeoutMs: 1,
  validMs: 1,
  escalated: false,
  assurance: 'chat',
  reasonRequired: false,
  purposeRequired: false,
  distinct: false,
  enforcingOnly: false,
}

/**
 * Puts `copies` of all that there is behind it, in the order of the ledger. For reading only: the tree does not hold
 * them.
 */
export async function multiplyRecord(db: Db, copies: number, say: (progress: string) => void): Promise<void> {
  for (const [place, text] of multiply(copies).entries()) {
    say(`tables multiplied: ${place} of ${multiply(copies).length}`)
    await db.query({ name: '', text, timeoutMs: 1_800_000 })
  }
  const [{ size } = { size: 0 }] = await db.query<{ size: number }>({ name: '', text: 'select size from head' })
  const nodes = Array.from(size.toString(2))
    .toReversed()
    .map((bit) => (bit === '1' ? new Uint8Array(32) : undefined))
  const root = createFrontier(sha256, { size, nodes }).root()
  await db.query({ name: '', text: 'update head set frontier = $1, root = $2' }, [
    new Uint8Array(32 * nodes.filter((node) => node !== undefined).length),
    root,
  ])
}

const multiply = (copies: number): readonly string[] => {
  const many = `(select copy, copy * (select size from head) as shift,
    copy * (select max(at) - min(at) + 1 from segment where first < (select size from head)) as later
    from generate_series(1, ${copies}) copy) many`
  return [
    `insert into segment (tenant, first, count, at, subjects, keys, members, leaves, records)
       select tenant, first + shift, count, at + later, subjects, keys, members, leaves, records from segment, ${many}
       where first < (select size from head) order by first + shift`,
    `insert into mention (tenant, what, entry, kind)
       select tenant, what || '-' || copy, entry + shift, kind from mention, ${many}
       where entry < (select size from head) order by entry + shift`,
    `insert into approval (tenant, id, version, state, digest_key, action, agent, on_behalf_of, barred, asked_at, due_at,
         asked_entry, entry)
       select tenant, id || '-' || copy, version, state, digest_key || '-' || copy, action || '-' || copy, agent,
         on_behalf_of, barred, asked_at + later, due_at, asked_entry + shift, entry + shift
       from approval, ${many} order by entry + shift`,
    `insert into countersignature (tenant, approval, person, verdict, at, barred)
       select tenant, approval || '-' || copy, person, verdict, at + later, barred from countersignature, ${many}`,
    `insert into permit (tenant, id, action, approval, credential, attempt_key, digest_key, replayable, deadline, outcome,
         delivered, entry, ended_entry)
       select tenant, id || '-' || copy, action || '-' || copy, approval || '-' || copy, credential,
         attempt_key || '-' || copy, digest_key || '-' || copy, replayable, deadline, outcome, delivered, entry + shift,
         ended_entry + shift
       from permit, ${many} order by entry + shift`,
    `update head set size = size * (1 + ${copies})`,
    'analyze',
  ]
}
