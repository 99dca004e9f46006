/**
 * Whether the signatures given serve every sign-off that was matched (P5).
 *
 * @module
 */
import type { Assurance, Countersignature, SignOff } from '@countersign/schema'

const ladder: readonly Assurance[] = ['chat', 'session', 'fresh', 'passkey']

/** Whether an assurance is at least as good as another. */
export const atLeast = (given: Assurance, asked: Assurance) => ladder.indexOf(given) >= ladder.indexOf(asked)

/** The groups that may sign a sign-off now: escalation adds one, and `agent-team` is the acting agent's team. */
export function groupsOf(signOff: SignOff, team: string): string[] {
  const named = signOff.escalated && signOff.escalate ? [...signOff.from, signOff.escalate.to] : signOff.from
  return [...new Set(named.map((group) => (group === 'agent-team' ? team : group)))]
}

/** Why this answer does not count for this sign-off, or undefined if it does. */
export function shortfall(
  signOff: SignOff,
  team: string,
  signer: Pick<Countersignature, 'groups' | 'assurance' | 'reason' | 'verdict'>,
): 'group' | 'assurance' | 'reason' | undefined {
  if (!groupsOf(signOff, team).some((group) => signer.groups.includes(group))) return 'group'
  if (!atLeast(signer.assurance, signOff.assurance)) return 'assurance'
  if (signOff.reasonRequired && !signer.reason?.trim()) return 'reason'
  return undefined
}

/**
 * How many distinct people serve each sign-off, in the best assignment. One person serves several sign-offs only where
 * none of them is `distinct`.
 */
export function served(signOffs: readonly SignOff[], team: string, signatures: readonly Countersignature[]): boolean {
  const approvals = onePerPerson(signatures.filter(({ verdict }) => verdict === 'approve'))
  const alone = signOffs.filter((signOff) => signOff.distinct)
  const shared = signOffs.filter((signOff) => !signOff.distinct)
  return assign(0, approvals, new Map(alone.map((signOff) => [signOff, signOff.quorum])))

  /** Each person goes to one `distinct` sign-off, or to all the others at once. */
  function assign(next: number, free: readonly Countersignature[], missing: ReadonlyMap<SignOff, number>): boolean {
    const [[signOff, count] = []] = [...missing].filter(([, still]) => still > 0)
    if (!signOff || count === undefined) return shared.every((other) => countFor(other, free) >= other.quorum)
    for (let at = next; at < free.length; at++) {
      const person = free[at]
      if (!person || shortfall(signOff, team, person)) continue
      const rest = free.filter((other) => other !== person)
      if (assign(count > 1 ? at : 0, rest, new Map(missing).set(signOff, count - 1))) return true
    }
    return false
  }

  function countFor(signOff: SignOff, people: readonly Countersignature[]): number {
    return people.filter((person) => !shortfall(signOff, team, person)).length
  }
}

/**
 * How many people count for each sign-off so far. Where one is `distinct`, nobody is counted twice: people go where
 * they are missed least elsewhere.
 */
export function servedSoFar(
  signOffs: readonly SignOff[],
  team: string,
  signatures: readonly Countersignature[],
): ReadonlyMap<SignOff, number> {
  const approvals = onePerPerson(signatures.filter(({ verdict }) => verdict === 'approve'))
  const may = (signOff: SignOff, person: Countersignature) => shortfall(signOff, team, person) === undefined
  const [alone, shared] = [signOffs.filter((each) => each.distinct), signOffs.filter((each) => !each.distinct)]
  const whole = served(signOffs, team, signatures)
  const seats = new Map(alone.map((signOff): [SignOff, Countersignature[]] => [signOff, []]))
  const useful = (person: Countersignature) => shared.filter((signOff) => may(signOff, person)).length
  for (const person of approvals.toSorted((one, other) => useful(one) - useful(other))) seat(person, new Set())

  const free = approvals.filter((person) => ![...seats.values()].some((seated) => seated.includes(person)))
  const countOf = (signOff: SignOff) =>
    seats.get(signOff)?.length ?? free.filter((person) => may(signOff, person)).length
  return new Map(signOffs.map((each) => [each, whole ? Math.max(each.quorum, countOf(each)) : countOf(each)]))

  /** Whoever is seated already moves on where there is another place for them. */
  function seat(person: Countersignature, asked: Set<SignOff>): boolean {
    for (const [signOff, seated] of seats) {
      if (asked.has(signOff) || !may(signOff, person)) continue
      asked.add(signOff)
      const leaving = seated.length < signOff.quorum ? undefined : seated.find((other) => seat(other, asked))
      if (seated.length >= signOff.quorum && !leaving) continue
      seats.set(signOff, [...seated.filter((other) => other !== leaving), person])
      return true
    }
    return false
  }
}

const onePerPerson = (signatures: readonly Countersignature[]) => [
  ...new Map(signatures.map((signature) => [signature.person, signature])).values(),
]
