/**
 * After a restart: everything is sent again, by agents that do not know what became of it.
 *
 * @module
 */
import { type AgentParts, attempt } from './agents.ts'
import { type Book, type Click, type Errand, isAsked, mustBePermitted, settledAs, type Told, wasTold } from './book.ts'
import { livesOf, neverBegunOf, orphansOf, questionOf } from './checks.ts'
import type { People } from './people.ts'
import { click } from './people.ts'
import type { DeploymentRecord } from './record.ts'

const mostUnknown = 50
const mostOthers = 15
const hands = 24

/** Findings, and how many answers were those of an earlier run. */
export async function sendAgain(
  record: DeploymentRecord,
  parts: AgentParts,
): Promise<{ findings: string[]; replayed: number; collected: number }> {
  const findings: string[] = []
  const count = { replayed: 0, collected: 0 }
  const due = dueAgain(parts.book).values()
  await Promise.all(Array.from({ length: hands }, takeTurns))
  return { findings, ...count }

  async function takeTurns(): Promise<void> {
    for (const errand of due) await again(errand)
  }

  async function again(errand: Errand): Promise<void> {
    const expected = expectedOf(errand, record)
    const before = errand.told.find(({ serial }) => serial !== undefined)?.serial
    const orphaned = orphansOf(errand, record) > 0 || neverBegunOf(errand, record) > 0
    const told = await attempt(errand, parts)
    if (orphaned && told.kind === 'waiting') askedAnew(errand, told)
    else if (neverBegunOf(errand, record) > 0 && told.kind === 'ran') errand.decisions += 1
    if (told.kind === 'replayed' || told.kind === 'done') count.replayed += 1
    if (told.kind === 'ran' && settledAs(errand) === 'granted') count.collected += 1
    const other = told.kind === 'waiting' && told.approval !== errand.approval && errand.aged === 'no'
    const another = before !== undefined && told.serial !== undefined && told.serial !== before
    if (!expected.includes(told.kind) || other || another) {
      const got = another ? `run ${told.serial} instead of ${before}` : other ? 'another question' : told.kind
      findings.push(
        `${inWords(errand, record)}, was sent again: ${got}, where ${expected.join(' or ')} is due; ${told.says}`,
      )
    }
  }
}

/** What is known of it, for whoever looks for the reason. */
function inWords(errand: Errand, record: DeploymentRecord): string {
  const { ref, key, aged, told } = errand
  const runs = livesOf(errand, record).map(({ outcome }) => outcome?.kind ?? 'none')
  const heard = told.slice(0, -1).map(({ kind }) => kind)
  return `${ref} (${key ?? 'no key'}, aged: ${aged}, in the record: ${runs.join(' ')}, told: ${heard.join(' ')})`
}

/** All whose fate is unknown to their agent, all grants, and some that have long had their answer. */
function dueAgain({ errands }: Book): Errand[] {
  const repeatable = [...errands.values()].filter(
    ({ sent, work, decisions, aged }) =>
      sent > 0 && work !== 'read' && work !== 'file' && (decisions === 1 || aged !== 'no'),
  )
  const unknown = repeatable.filter((errand) => !mustBePermitted(errand) && !wasTold(errand, 'refused'))
  const granted = unknown.filter((errand) => settledAs(errand) === 'granted')
  const known = repeatable.filter((errand) => errand.key !== undefined && mustBePermitted(errand))
  return [...new Set([...granted, ...unknown.slice(-mostUnknown), ...known.slice(-mostOthers)])]
}

function expectedOf(errand: Errand, record: DeploymentRecord): readonly Told['kind'][] {
  const due = dueTo(errand, record)
  return errand.aged === 'perhaps' ? [...due, 'refused', 'waiting'] : due
}

function dueTo(errand: Errand, record: DeploymentRecord): readonly Told['kind'][] {
  const permits = livesOf(errand, record).filter(({ outcome }) => outcome !== undefined).length
  const neverBegun = neverBegunOf(errand, record)
  if (permits > neverBegun) {
    const told = errand.work === 'write' ? (['ran', 'done'] as const) : (['replayed', 'done'] as const)
    return (wasTold(errand, 'late') && errand.key === undefined) || orphansOf(errand, record) > 0
      ? [...told, 'waiting']
      : told
  }
  if (!isAsked(errand)) return ['ran']
  if (neverBegun > 0) return [...afresh, 'ran'] // under a later grant, where one was given meanwhile
  const asked = questionOf(errand, record) ?? record.questions.get(errand.ref)?.[0]
  switch (asked?.state) {
    case 'granted':
      return errand.aged === 'over' ? afresh : ['ran'] // no grant outlives its validity
    case 'rejected':
      return errand.aged === 'no' ? ['rejected'] : ['rejected', ...afresh]
    case 'open':
    case undefined:
      return ['waiting']
    case 'expired':
      return afresh
    case 'spent':
    case 'cancelled':
    case 'voided':
      return ['refused']
  }
}

/** What was answered on the first question was for the first run; nobody answers the second. */
function askedAnew(errand: Errand, { approval }: Told): void {
  if (approval === errand.approval) return
  errand.approval = approval
  errand.shown = undefined
  errand.ignored = true
  errand.decisions += 1
}

/** What was asked, or granted, is over: asked again, it is a new question. */
const afresh = ['refused', 'waiting'] as const

/**
 * What is on the desk when the instance dies: a grant that nobody has collected, and a question with one signature of
 * two.
 */
export interface Desk {
  readonly granted: Errand
  readonly halfway: Errand
}

export async function layOut(parts: AgentParts, people: People): Promise<Desk> {
  const ask = (work: 'held' | 'large') => parts.book.open(work, { ignored: true })
  const desk = { granted: ask('held'), halfway: ask('large') }
  await Promise.all(Object.values(desk).map((errand) => attempt(errand, parts)))
  await click(desk.granted, 'cleo', 'approve', people)
  await click(desk.halfway, 'ben', 'approve', people)
  return desk
}

/** The grant has been collected by now; the second signature completes the first, which was given before the strike. */
export async function clearDesk({ granted, halfway }: Desk, parts: AgentParts, people: People): Promise<string[]> {
  const second = await click(halfway, 'cleo', 'approve', people)
  const told = await attempt(halfway, parts)
  if (granted.aged === 'over') {
    return [
      ...(wasTold(granted, 'ran', 'replayed', 'done') ? [`a grant that was over was spent: ${granted.ref}`] : []),
      ...(second.status === 409 ? [] : [`a question that was over took a signature: ${JSON.stringify(second)}`]),
      ...(told.kind !== 'ran' ? [] : [`what one of two people signed in time: ${told.says}`]),
    ]
  }
  return [
    ...(wasTold(granted, 'ran') ? [] : [`a grant from before was not collected: ${granted.ref}`]),
    ...(second.state === 'granted'
      ? []
      : [`the second signature did not complete the first: ${JSON.stringify(second)}`]),
    ...(told.kind === 'ran' ? [] : [`what two people signed did not run: ${told.says}`]),
  ]
}

/** Clicks that come twice, too late, or from two people at once; and a grant that two hands want to spend. */
export async function clickAround(parts: AgentParts, people: People): Promise<string[]> {
  const { book } = parts
  const findings: string[] = []
  const is = (says: string, held: boolean, got: unknown) => {
    if (!held) findings.push(`${says}: ${JSON.stringify(got)}`)
  }
  const [twice, race, two] = [book.open('held'), book.open('held'), book.open('large')]
  await Promise.all([twice, race, two].map((errand) => attempt(errand, parts)))
  twice.shown = (await people.browsers.ben.get<{ shown: string }>(`/api/approvals/${twice.approval}`)).shown

  const double = await Promise.all([click(twice, 'ben', 'approve', people), click(twice, 'ben', 'approve', people)])
  is('two clicks of one person: one counts', oneCounted(double), double)
  const both = await Promise.all([click(race, 'ben', 'approve', people), click(race, 'cleo', 'reject', people)])
  is('two people at once: one settles it', oneCounted(both), both)

  const first = await click(two, 'ben', 'approve', people)
  const again = await click(two, 'ben', 'approve', people)
  is('one person twice is not two people', first.state === 'open' && again.status === 409, [first, again])
  const second = await click(two, 'cleo', 'approve', people)
  is('the second person grants it', second.state === 'granted', second)

  twice.decisions = 2 // the hand that comes second asks anew
  const hands = await Promise.all([attempt(twice, parts), attempt(twice, parts, 0, `${twice.key}-other`)])
  const kinds = hands.map(({ kind }) => kind).toSorted()
  // While the first one runs the other is told so; once it has ended with its client there, the other is a new
  // question.
  is('two hands, one grant: one runs', ['ran,waiting', 'done,ran'].includes(kinds.join(',')), hands)
  const other = hands.find(({ kind }) => kind === 'waiting')
  is('the other is another question', other === undefined || other.approval !== twice.approval, hands)
  const late = await click(twice, 'cleo', 'reject', people)
  is('a click after it has run changes nothing', late.status === 409, late)
  const collected = await attempt(two, parts)
  is('what two people granted runs', collected.kind === 'ran', collected)
  return findings
}

/** One that counted, and one that came too late. */
const oneCounted = (clicks: readonly Click[]) =>
  [200, 409].every((expected) => clicks.some(({ status }) => status === expected))
