/**
 * Questions: reading them, and the one place where a browser approves or rejects.
 *
 * @module
 */
import { CountersignError, type Page } from '@countersign/core'
import type { Answer } from '@countersign/core'
import { createRoute, z } from '@hono/zod-openapi'
import {
  type Approval,
  ApprovalPage,
  ApprovalState,
  ApprovalView,
  byPerson,
  EscalateInput,
  SignInput,
} from '@countersign/schema'
import { isAsked, maySeeApproval, mayStop } from '../front/access.ts'
import { assuranceOf } from '../front/assurance.ts'
import { viewer } from '../front/viewer.ts'
import type { Api, ApiParts, Visitor } from '../front/parts.ts'
import { telling } from '../../http/problems.ts'
import { questionSummary, questionView } from './approval.ts'
import type { Reads } from '../front/reads.ts'
import { answers, idOf, paging, takes, text } from '../front/route.ts'
import { filteredPage } from '../front/filtered-page.ts'
import { speaksOf } from './data-names.ts'

const one = z.object({ id: idOf('apr') })

const list = createRoute({
  method: 'get',
  path: '/api/approvals',
  summary: 'Questions that concern you, newest first.',
  request: {
    query: z.strictObject({
      ...paging,
      state: ApprovalState.or(z.literal('all')).default('open'),
      agent: text.optional(),
      mine: z.stringbool().default(false).openapi({ type: 'boolean', description: 'Only those you can answer.' }),
      asked: z
        .stringbool()
        .default(false)
        .openapi({ type: 'boolean', description: 'Only those that ask a group of yours.' }),
      search: text.optional().openapi({
        description: 'Words that all occur in the sentence, the agent, the people or the data, in any case.',
      }),
    }),
  },
  responses: answers(ApprovalPage, 'A page may hold fewer than `limit` and still have a `next`.'),
})

const read = createRoute({
  method: 'get',
  path: '/api/approvals/{id}',
  summary: 'One question, with everything needed to judge it.',
  request: { params: one },
  responses: answers(ApprovalView, 'The question as you may see it.'),
})

const signing = createRoute({
  method: 'post',
  path: '/api/approvals/{id}/signatures',
  summary: 'Approves or rejects a question, from a browser session of this origin only.',
  request: { params: one, ...takes(SignInput) },
  responses: answers(ApprovalView, 'The question after your answer.'),
})

const escalating = createRoute({
  method: 'post',
  path: '/api/approvals/{id}/escalate',
  summary: 'Asks the further groups that the sign-offs name.',
  request: { params: one, ...takes(EscalateInput) },
  responses: answers(ApprovalView, 'The question after escalation.'),
})

export function approvals(api: Api, parts: ApiParts, reads: Reads): void {
  const { store, desk, stops } = parts

  api.openapi(list, async (context) => {
    const { person } = context.get('visitor')
    const { limit, after, state, agent, mine, asked, search } = context.req.valid('query')
    await reads.record(
      person.id,
      'approvals',
      new URLSearchParams({
        state,
        agent: agent ?? '',
        mine: `${mine}`,
        asked: `${asked}`,
        search: search ?? '',
      }).toString(),
    )
    const look = viewer(parts, context.get('visitor'))

    const found = await filteredPage({ limit, after }, (paged) =>
      summaries(
        store.approvals.list({ ...paged, ...(state !== 'all' && { states: [state] }), ...(agent && { agent }) }),
      ),
    )
    return context.json({ items: [...found.items], ...(found.next !== undefined && { next: found.next }) }, 200)

    async function summaries(reading: Promise<Page<Approval>>) {
      const { items, next } = await reading
      const seen = items.filter((approval) => maySeeApproval(person, approval) && (!asked || isAsked(person, approval)))
      const views = await Promise.all(
        seen.map(async (approval) =>
          questionSummary(approval, await store.agents.get(approval.card.bound.action.agent), look),
        ),
      )
      const found = views.filter((view, index) => {
        const approval = seen[index]
        return (!mine || view.mine) && (search === undefined || (approval && speaksOf(search, view, approval)))
      })
      return { items: found, next }
    }
  })

  api.openapi(read, async (context) => {
    const { id } = context.req.valid('param')
    const visitor = context.get('visitor')
    const approval = await visible(id, visitor)
    await reads.record(visitor.person.id, 'approval', id)
    return context.json(await view(approval, visitor), 200)
  })

  api.openapi(signing, async (context) => {
    const { id } = context.req.valid('param')
    const input = context.req.valid('json')
    const visitor = context.get('visitor')
    const approval = await visible(id, visitor)
    if (!input.stop) return context.json(await view(await desk.sign(id, answerOf(input, visitor)), visitor), 200)
    return context.json(await view(await rejectAndStop(approval, input, visitor), visitor), 200)
  })

  api.openapi(escalating, async (context) => {
    const { id } = context.req.valid('param')
    const visitor = context.get('visitor')
    const { version } = context.req.valid('json')
    const approval = await visible(id, visitor)
    if (version !== undefined && version !== approval.version) throw new CountersignError('ERR_STORE_CONFLICT', { id })
    return context.json(await view(await desk.escalate(id, visitor.person.id), visitor), 200)
  })

  /** @throws ERR_APPROVAL_UNKNOWN also for those whom the question does not concern */
  async function visible(id: string, { person }: Visitor): Promise<Approval> {
    const approval = await store.approvals.get(id)
    if (!approval || !maySeeApproval(person, approval)) throw new CountersignError('ERR_APPROVAL_UNKNOWN', { id })
    return approval
  }

  async function view(approval: Approval, visitor: Visitor): Promise<ApprovalView> {
    const agent = await store.agents.get(approval.card.bound.action.agent)
    const mayStopAgent = agent !== undefined && mayStop(visitor.person, agent, [approval])
    return questionView(approval, { agent, mayStopAgent }, viewer(parts, visitor), store)
  }

  function answerOf({ verdict, reason, shown }: SignInput, { person, session }: Visitor): Answer {
    const assurance = assuranceOf(session, parts.clock.now())
    return { person: person.id, verdict, reason, assurance, channel: 'console', shown, proof: session.proof }
  }

  /**
   * The agent stops first, even if someone else was quicker with the answer: that is the part that cannot wait. Whoever
   * sees the answer finds it stopped.
   */
  async function rejectAndStop(approval: Approval, input: SignInput, visitor: Visitor): Promise<Approval> {
    const agent = await store.agents.get(approval.card.bound.action.agent)
    if (input.verdict !== 'reject') {
      throw telling(new CountersignError('ERR_INPUT_INVALID'), '`stop` goes with `reject` alone.')
    }
    if (!agent || !mayStop(visitor.person, agent, [approval])) throw new CountersignError('ERR_NOT_ALLOWED')
    const because = input.reason ?? 'rejected and stopped from a question'
    await stops.halt(agent.id, byPerson(visitor.person.id), because)
    const rejected = await desk.sign(approval.id, answerOf(input, visitor)).catch((error: unknown) => ({ error }))
    await stops.stop(agent.id, byPerson(visitor.person.id), because)
    if (!('error' in rejected)) return rejected
    if (rejected.error instanceof CountersignError) throw telling(rejected.error, 'The agent is stopped.')
    throw rejected.error
  }
}
