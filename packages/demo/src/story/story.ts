/**
 * The story of one night: what agents did at 02:00, who approved what, and what could not happen.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LineageView, PolicySetView, ApprovalView } from '@countersign/schema'
import type { Demo } from '../demo.ts'
import { send, type Told } from '../send.ts'
import { type Step, steps } from '../steps.ts'
import { type Browser, openBrowser } from './browser.ts'

export interface Telling {
  /** A chapter begins. */
  chapter(title: string): void
  /** Something happened, and whether it is what had to happen. */
  step(says: string, held: boolean, detail?: string): void
  /** People are waited for: where they answer, and until when. */
  waiting(url: string, secondsLeft: number): void
}

/** A question that someone who looks on may answer in a browser of their own, as this person. */
export interface Offered {
  readonly url: string
  readonly person: string
  open(): Promise<boolean>
}

export interface StoryParts {
  readonly demo: Demo
  readonly tell: Telling
  /** Resolves when the one who looks on has answered, or will not; then the person of the story does. */
  offer?(question: Offered): Promise<void>
  /** `countersign ledger verify` of this deployment's ledger. */
  verify(): Promise<{ readonly ok: boolean; readonly says: string }>
}

type Cast = Readonly<Record<'ana' | 'ben' | 'cleo' | 'eve', Browser>>

/**
 * Every step as a person or an agent would do it, over the real gateways. Resolves to how many there were and failed.
 */
export async function tellStory({ demo, tell, offer, verify }: StoryParts): Promise<{ steps: number; failed: number }> {
  const count = { steps: 0, failed: 0 }
  const cast = await signEveryoneIn(demo.instance.url)
  const is = (says: string, held: boolean, detail?: string) => {
    count.steps += 1
    if (!held) count.failed += 1
    tell.step(says, held, detail)
  }
  const stage: Stage = { demo, cast, is, tell, offer }

  await theNight(stage)
  await whatMustFail(stage)
  await afterwards(stage, verify)
  return count
}

interface Stage {
  readonly demo: Demo
  readonly cast: Cast
  readonly tell: Telling
  readonly offer: StoryParts['offer']
  is(says: string, held: boolean, detail?: string): void
}

async function theNight({ demo, cast, tell, is, offer }: Stage): Promise<void> {
  const act = actor(demo)
  tell.chapter('02:00. The agents are at work.')

  is('finance-bot reads ten orders: it runs at once', (await act(steps.read)).status === 200)
  is('ml-bot asks a model of one’s own: it runs at once', (await act(steps['ask-model'])).status === 200)
  const tuned = await act(steps['fine-tune'])
  is('ml-bot starts a fine-tune in the lab: it runs at once', tuned.status === 202, tuned.text)

  const asked = await act(steps.export)
  is('finance-bot exports 48,211 finance rows: held', asked.status === 428 && asked.approval !== undefined, asked.text)
  const export_ = await cast.ben.get<ApprovalView>(`/api/approvals/${asked.approval}`)
  await announce(tell, demo, export_)
  is(
    'Ben sees which data goes where, for what, at what risk',
    seesAll(export_),
    JSON.stringify(export_.card.bound.dataUse),
  )
  is('Ben approves', await signedBy('ben', export_))
  const exported = await act(steps.export)
  is('it runs: 48,211 rows', exported.status === 200 && rowsIn(exported.text) === 48_211, exported.text.slice(0, 200))
  const settled = await until(
    () => cast.ben.get<ApprovalView>(`/api/approvals/${asked.approval}`),
    ({ outcome }) => outcome?.kind === 'done',
  )
  is('the outcome returns to the card', settled.outcome?.rows === 48_211, JSON.stringify(settled.outcome))

  const away = await act(steps['leave-the-boundary'])
  is(
    'finance-bot sends customer data to a partner: prohibited',
    away.status === 403 && away.text.includes('training-data-stays'),
    away.text,
  )

  const outside = await act(steps['train-outside'])
  is(
    'ml-bot gives customer data to a model outside: prohibited',
    outside.status === 403 && outside.text.includes('sensitive-data-own-models'),
    outside.text,
  )

  const promotion = await act(steps.promote)
  const promoting = await cast.cleo.get<ApprovalView>(`/api/approvals/${promotion.approval}`)
  await announce(tell, demo, promoting)
  const why = 'Not before the weekly evaluation.'
  is('ml-bot promotes a model: held; Cleo rejects', (await sign(cast.cleo, promoting, 'reject', why)).status === 200)
  const rejected = await act(steps.promote)
  is('ml-bot reads the reason', rejected.status === 403 && rejected.text.includes(why), rejected.text)

  const grant = await act(steps['grant-itself'])
  is('ops-bot gives itself a role: held', grant.status === 428, grant.text)
  const granting = await cast.cleo.get<ApprovalView>(`/api/approvals/${grant.approval}`)
  await announce(tell, demo, granting)
  const escalated = await until(
    () => cast.cleo.get<ApprovalView>(`/api/approvals/${grant.approval}`),
    ({ signOffs, state }) => state !== 'open' || signOffs.some(({ escalation }) => escalation?.done === true),
  )
  is(
    'nobody answers: it is escalated to the CFO’s office',
    escalated.signOffs.some(({ from }) => from.includes('cfo-office')),
  )
  const expired = await until(
    () => cast.cleo.get<ApprovalView>(`/api/approvals/${grant.approval}`),
    ({ state }) => state !== 'open',
  )
  is('still nobody answers: it expires, and nothing ran', expired.state === 'expired', expired.state)
  const late = await sign(cast.cleo, granting, 'approve')
  is('a signature after expiry is refused', late.status === 409, codeOf(late))

  const rebuild = await act(steps.rebuild)
  const rebuilding = await cast.cleo.get<ApprovalView>(`/api/approvals/${rebuild.approval}`)
  await announce(tell, demo, rebuilding)
  const signed = await sign(cast.cleo, rebuilding, 'approve')
  is('ops-bot does what nobody has described: held as the worst; Cleo approves', signed.status === 200, codeOf(signed))
  is('it runs', (await act(steps.rebuild)).status === 202)

  const writing = act(steps['write-file'])
  const question = await nextQuestion(cast.cleo, 'file.write')
  await announce(tell, demo, question)
  is('ops-bot overwrites a file through MCP: held; Cleo approves', await signedBy('cleo', question))
  let wrote = await writing
  if (wrote.approval !== undefined) wrote = await act(steps['write-file']) // it did not wait that long: it asks again
  const text = await readFile(join(demo.folder, 'runbook.md'), 'utf8').catch(() => '')
  is('exactly what she saw is written', text === steps['write-file'].call.arguments.content, wrote.text.slice(-300))

  async function signedBy(who: 'ben' | 'cleo', asked: ApprovalView): Promise<boolean> {
    const read = () => cast[who].get<ApprovalView>(`/api/approvals/${asked.id}`)
    const url = `${demo.instance.url}/approvals/${asked.id}`
    await offer?.({ url, person: who, open: async () => (await read()).state === 'open' })
    const { state } = await read()
    return state === 'open' ? (await sign(cast[who], asked, 'approve')).status === 200 : state !== 'rejected'
  }
}

async function whatMustFail({ demo, cast, tell, is }: Stage): Promise<void> {
  const act = actor(demo)
  tell.chapter('What cannot happen.')
  const again = { ...steps.export, call: { ...steps.export.call, body: { ...steps.export.call.body, rows: 2_000 } } }
  const asked = await act(again)
  const path = `/api/approvals/${asked.approval}/signatures`
  const question = await cast.ben.get<ApprovalView>(`/api/approvals/${asked.approval}`)

  const byKey = await fetch(`${demo.instance.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${demo.keys['finance-bot']}`, 'content-type': 'application/json' },
    body: JSON.stringify({ verdict: 'approve', shown: question.shown }),
  })
  is('the agent approves itself with its key: refused', byKey.status === 401, await byKey.text())
  const byOwner = await sign(cast.ana, question, 'approve')
  is(
    'Ana approves for her own agent: refused',
    byOwner.status === 403 && codeOf(byOwner) === 'ERR_SELF_APPROVAL',
    codeOf(byOwner),
  )
  const byAuditor = await sign(cast.eve, question, 'approve')
  is('Eve, whom nobody asked, approves: refused', byAuditor.status === 403, codeOf(byAuditor))

  is('Ben approves', (await sign(cast.ben, question, 'approve')).status === 200)
  const changed = { ...again, call: { ...again.call, body: { ...again.call.body, rows: 2_001 } } }
  const other = await act(changed)
  is(
    'an argument changes after approval: another question',
    other.status === 428 && other.approval !== asked.approval,
    other.text,
  )
  const stranger = await send(again, { ...parts(demo), key: demo.keys['ml-bot'] })
  is('another agent uses the grant: refused', stranger.status === 403, stranger.text)

  const runs = await Promise.all([act(again), act(again)])
  is(
    'the grant is spent twice at the same moment: one runs',
    runs.filter(({ status }) => status === 200).length === 1,
    JSON.stringify(runs.map(({ status }) => status)),
  )

  const open = await cast.ben.get<ApprovalView>(`/api/approvals/${other.approval}`)
  const stop = await cast.ben.post(`/api/approvals/${open.id}/signatures`, {
    verdict: 'reject',
    reason: 'Something is wrong with this agent.',
    shown: open.shown,
    stop: true,
  })
  is('Ben rejects and stops the agent', stop.status === 200, JSON.stringify(stop.body))
  const stopped = await act(again)
  is('it is stopped: the next action is refused', stopped.status === 403, stopped.text)
}

async function afterwards({ demo, cast, is, tell }: Stage, verify: StoryParts['verify']): Promise<void> {
  tell.chapter('The morning after.')
  const lineage = await cast.eve.get<LineageView>('/api/lineage?dataset=finance.orders')
  const sent = lineage.flows.find(({ to }) => to.name === 'warehouse.acme.example')
  is(
    'Eve asks where finance.orders went, by whom, under whose approval',
    sent?.approvers.length === 1,
    whereTo(lineage),
  )
  const unused = await unusedPolicies(demo, cast.cleo)
  is('every sample policy has decided something', unused.length === 0, unused.join(', '))
  const verified = await verify()
  is('the ledger verifies', verified.ok, verified.says)
}

async function unusedPolicies({ instance }: Demo, browser: Browser): Promise<string[]> {
  const { policies } = await browser.get<PolicySetView>('/api/policies')
  const { actions, ledger } = instance.store
  const { size } = await ledger.head()
  await until(
    () => actions.index.cursor('search', 'beginning'),
    (cursor) => cursor >= size,
  )
  const { items } = await actions.search({ limit: 200 })
  const used = new Set(items.flatMap(({ record }) => record.decision.because))
  return policies.map(({ id }) => id).filter((id) => !used.has(id))
}

const parts = (demo: Demo) => ({ publicUrl: demo.instance.url, gatewayUrl: demo.gatewayUrl })

/** Each agent with its own key, not waiting for people: it asks again. */
const actor =
  (demo: Demo) =>
  (step: Step): Promise<Told> =>
    send(step, { ...parts(demo), key: demo.keys[step.agent] })

async function signEveryoneIn(url: string): Promise<Cast> {
  const cast = { ana: openBrowser(url), ben: openBrowser(url), cleo: openBrowser(url), eve: openBrowser(url) }
  await Promise.all(Object.entries(cast).map(([person, browser]) => browser.signIn(person)))
  return cast
}

const sign = (browser: Browser, { id, shown }: ApprovalView, verdict: 'approve' | 'reject', reason?: string) =>
  browser.post(`/api/approvals/${id}/signatures`, { verdict, shown, ...(reason !== undefined && { reason }) })

async function announce(tell: Telling, demo: Demo, { id, secondsLeft }: ApprovalView): Promise<void> {
  tell.waiting(`${demo.instance.url}/approvals/${id}`, secondsLeft)
}

async function nextQuestion(browser: Browser, verb: string): Promise<ApprovalView> {
  const { items } = await until(
    () => browser.get<{ items: { id: string; verb: string }[] }>('/api/approvals?state=open'),
    (page) => page.items.some((item) => item.verb === verb),
  )
  return browser.get(`/api/approvals/${items.find((item) => item.verb === verb)?.id}`)
}

/** Asks again until it is so, for half a minute at most. */
async function until<T>(read: () => Promise<T>, so: (value: T) => boolean): Promise<T> {
  for (let left = 150; ; left--) {
    const value = await read()
    if (so(value) || left === 0) return value
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

function seesAll({ card, shown }: ApprovalView): boolean {
  const { dataUse, action } = card.bound
  const { sentence, purpose, risk } = card.advisory
  return (
    sentence.startsWith('Export 48,211 rows of finance.orders') &&
    dataUse.reads[0]?.name === 'finance.orders' &&
    dataUse.destination?.name === 'warehouse.acme.example' &&
    action.environment === 'prod' &&
    purpose?.text !== undefined &&
    risk.signals.length > 0 &&
    shown.length === 64
  )
}

const rowsIn = (csv: string) => csv.trimEnd().split('\n').length - 1
const codeOf = ({ body }: { body: Record<string, unknown> }) => (typeof body['code'] === 'string' ? body['code'] : '')
const whereTo = ({ flows }: LineageView) =>
  flows
    .map(
      (flow) =>
        `${flow.to.name}, by ${flow.agent.name}, approved by ${flow.approvers.map(({ name }) => name).join(', ')}`,
    )
    .join('; ')
