import { describe, expect, it } from 'vitest'
import type { Leaf } from './any-leaf.ts'
import { clockToleranceMs, createStory } from './story.ts'

type Told = Partial<Leaf> & { type: string; stream: string }

const leaf = (over: Told): Leaf => ({
  v: 1,
  id: 'ent_1',
  time: 1_000_000,
  tenant: 'default',
  sseq: undefined,
  payload: '',
  agent: 'reporter',
  approval: undefined,
  permit: undefined,
  cause: undefined,
  decision: undefined,
  observed: false,
  outcome: undefined,
  requesters: [],
  signers: [],
  delegation: [],
  ...over,
})

const decided = (decision: string, over: Partial<Leaf> = {}): Told => ({
  type: 'action.decided',
  stream: 'act_1',
  sseq: 1,
  decision,
  ...over,
})
const permitted = (over: Partial<Leaf> = {}): Told => ({
  type: 'action.permitted',
  stream: 'act_1',
  sseq: 2,
  permit: 'prm_1',
  ...over,
})
const allowed = (over: Partial<Leaf> = {}): Told => ({
  type: 'action.allowed',
  stream: 'act_1',
  sseq: 1,
  decision: 'allow',
  permit: 'prm_1',
  ...over,
})
const finished = (outcome: string, sseq = 2, over: Partial<Leaf> = {}): Told => ({
  type: 'action.finished',
  stream: 'act_1',
  sseq,
  permit: 'prm_1',
  outcome,
  ...over,
})
const approval = (change: string, sseq: number, over: Partial<Leaf> = {}): Told => ({
  type: `approval.${change}`,
  stream: 'apr_1',
  sseq,
  approval: 'apr_1',
  cause: 'act_1',
  requesters: ['per_requester'],
  ...over,
})
const agent = (change: string, sseq: number): Told => ({ type: `agent.${change}`, stream: 'agt:reporter', sseq })
const under = { approval: 'apr_1' }
const signed = { signers: ['per_approver'] }
const granted = [decided('ask'), approval('asked', 1), approval('granted', 2, signed)]

function told(leaves: readonly Told[]): string[] {
  const story = createStory()
  return [...leaves.flatMap((each) => story.tell(leaf(each))), ...story.end()]
}

describe('the story the leaves tell', () => {
  it.each<[string, Told[]]>([
    ['an allowed action', [allowed(), finished('done')]],
    ['a denied action', [decided('deny')]],
    [
      'an observed action that would have been asked about',
      [allowed({ decision: 'ask', observed: true }), finished('done')],
    ],
    ['an approved action', [...granted, approval('spent', 3, signed), permitted(under), finished('done', 3)]],
    ['a grant not yet marked as spent', [...granted, permitted(under)]],
    [
      'two signatures',
      [
        decided('ask'),
        approval('asked', 1),
        approval('signed', 2, signed),
        approval('granted', 3, { signers: ['per_approver', 'per_second'] }),
      ],
    ],
    [
      'a question nobody answered',
      [decided('ask'), approval('asked', 1), approval('escalated', 2), approval('expired', 3)],
    ],
    ['a late outcome after an unknown one', [allowed(), finished('unknown'), finished('done', 3)]],
    [
      'an outcome handed out again',
      [allowed(), finished('done'), { type: 'action.replayed', stream: 'act_1', permit: 'prm_1' }],
    ],
    [
      'what belongs to nobody else',
      [
        { type: 'deployment.founded', stream: 'system' },
        { type: 'policy.activated', stream: 'system' },
      ],
    ],
    [
      'an agent that was erased and registered again',
      [agent('registered', 1), agent('stopped', 2), agent('registered', 1)],
    ],
    [
      'a tool that is pinned, changes and is accepted',
      [
        { type: 'tool.pinned', stream: 'tool:crm/search', sseq: 1 },
        { type: 'tool.listed', stream: 'tool:crm/search', sseq: 2 },
        { type: 'tool.accepted', stream: 'tool:crm/search', sseq: 3 },
      ],
    ],
    ['a clock that is corrected a little', [allowed(), finished('done', 2, { time: 1_000_000 - clockToleranceMs })]],
  ])('adds up for %s', (_, leaves) => {
    expect(told(leaves)).toEqual([])
  })

  it.each<[string, Told[], string]>([
    ['a step is missing', [allowed(), finished('done', 3)], 'is number 3 of act_1, where 2 is due'],
    ['a step is told twice', [decided('allow'), decided('allow')], 'is number 1 of act_1, where 2 is due'],
    ['a step has no number', [allowed({ sseq: undefined })], 'has no place in act_1'],
    [
      'time runs back',
      [allowed(), finished('done', 2, { time: 990_000 })],
      'is 10000 ms older than what came before it',
    ],
    [
      'something ran unpermitted (P2)',
      [decided('allow'), finished('done', 2)],
      'tells the outcome of prm_1, which was never permitted',
    ],
    ['something ran undecided', [permitted({ sseq: 1 })], 'permits act_1, which was never decided'],
    ['something ran although it was denied', [decided('deny'), permitted()], 'permits act_1, which was denied'],
    ['that is told in one', [allowed({ decision: 'deny' })], 'permits act_1, which was denied'],
    ['that only observes', [allowed({ decision: 'deny', observed: true })], 'permits act_1, which was denied'],
    ['nothing is told of why', [allowed({ decision: undefined })], 'permits act_1, which was denied'],
    [
      'what was denied ran under an approval',
      [decided('deny'), ...granted.slice(1), permitted(under)],
      'permits act_1, which was denied',
    ],
    ['something ran unasked', [decided('ask'), permitted()], 'permits act_1 without the approval it needed'],
    ['that is told in one', [allowed({ decision: 'ask' })], 'permits act_1 without the approval it needed'],
    [
      'that is told in one, with an approval',
      [...granted, allowed({ ...under, stream: 'act_2', decision: 'ask' })],
      'permits act_2 without the approval it needed',
    ],
    [
      'something allowed was permitted apart, under no approval',
      [decided('allow'), permitted()],
      'permits act_1 without the approval it needed',
    ],
    ['something is decided anew', [decided('deny'), decided('ask', { sseq: 2 })], 'decides act_1 again'],
    ['what was denied is allowed', [decided('deny'), allowed({ sseq: 2 })], 'decides act_1 again'],
    ['what was allowed is denied', [allowed(), decided('deny', { sseq: 2 })], 'decides act_1 again'],
    [
      'something ran on a question nobody asked',
      [decided('ask'), permitted(under)],
      'permits under apr_1, which was never asked',
    ],
    [
      'something ran before it was granted',
      [decided('ask'), approval('asked', 1), permitted(under)],
      'permits under apr_1, which was not granted but open',
    ],
    [
      'something ran after the grant was taken back',
      [...granted, approval('voided', 3), permitted(under)],
      'permits under apr_1, which was not granted but voided',
    ],
    [
      'a grant was spent twice (P6)',
      [...granted, permitted(under), permitted({ ...under, permit: 'prm_2', sseq: 3 })],
      'permits under apr_1 a second time',
    ],
    [
      'a grant was spent on another action (P1)',
      [...granted, decided('ask', { stream: 'act_2' }), permitted({ ...under, stream: 'act_2' })],
      'permits act_2 under the approval of another action, apr_1',
    ],
    [
      'a grant was spent on nothing',
      [...granted, approval('spent', 3)],
      'apr_1 was spent, but nothing was permitted under it',
    ],
    [
      'a permit is given twice',
      [...granted, permitted(under), permitted({ ...under, sseq: 3 })],
      'permits prm_1 again',
    ],
    ['that is told in one', [allowed(), allowed({ stream: 'act_2' })], 'permits prm_1 again'],
    [
      'one action has two permits',
      [allowed(), ...granted.slice(1), permitted({ ...under, permit: 'prm_2' })],
      'permits act_1 again, after prm_1',
    ],
    [
      'an approval was spent on what was allowed without it',
      [...granted.slice(1), approval('spent', 3), allowed(under)],
      'apr_1 was spent, but nothing was permitted under it',
    ],
    ['a run has two outcomes', [allowed(), finished('failed'), finished('done', 3)], 'tells a second outcome of prm_1'],
    [
      'an outcome is of another action',
      [allowed(), finished('done', 1, { stream: 'act_9' })],
      'tells the outcome of a permit of another action',
    ],
    [
      'the requester signed (P3)',
      [decided('ask'), approval('asked', 1), approval('granted', 2, { signers: ['per_requester'] })],
      'has per_requester sign apr_1, which is their own request',
    ],
    [
      'the person acted for signed, whatever the approval says (P3)',
      [
        approval('asked', 1, { requesters: [], delegation: ['per_other'] }),
        approval('signed', 2, { signers: ['per_other'] }),
      ],
      'has per_other sign apr_1, which is their own request',
    ],
    [
      'the agent’s owner signed, whatever the approval says (P3)',
      [
        { type: 'agent.registered', stream: 'agt:reporter', sseq: 1, delegation: ['per_owner'] },
        approval('asked', 1, { requesters: [] }),
        approval('signed', 2, { signers: ['per_owner'] }),
      ],
      'has per_owner sign apr_1, which is their own request',
    ],
    [
      'a person counts twice (P5)',
      [approval('asked', 1), approval('granted', 2, { signers: ['per_a', 'per_a'] })],
      'counts a person twice for apr_1',
    ],
    [
      'a settled question changes',
      [approval('asked', 1), approval('rejected', 2), approval('granted', 3)],
      'makes apr_1 granted when it was rejected',
    ],
    ['a question is asked twice', [approval('asked', 1), approval('asked', 2)], 'asks apr_1 again'],
    ['a question was never asked', [approval('granted', 1)], 'changes apr_1, which was never asked'],
    [
      'an outcome of nothing is handed out',
      [{ type: 'action.replayed', stream: 'act_1', permit: 'prm_9' }],
      'hands out the outcome of a permit that is not here',
    ],
    [
      'a type is unknown',
      [{ type: 'action.vanished', stream: 'system' }],
      'is of a type that is not known: action.vanished',
    ],
    ['a family is unknown', [{ type: 'ghost', stream: 'system' }], 'is of a type that is not known: ghost'],
  ])('is told when %s', (_, leaves, says) => {
    expect(told(leaves)).toContain(says)
  })

  it('tells a step back in time once, not with every leaf after it', () => {
    const late = finished('unknown', 2, { time: 500_000 })
    expect(told([allowed(), late, finished('done', 3, { time: 500_001 })])).toHaveLength(1)
  })
})
