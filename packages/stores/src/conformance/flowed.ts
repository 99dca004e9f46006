/**
 * The facts of actions that were done, from the flows that they had.
 *
 * @module
 */
import type { Flow } from '@countersign/core'
import type { Fact, NamedData } from '@countersign/schema'
import { asked, begins, changed, decided, finished, permitted } from './facts.ts'
import {
  granted,
  sampleAction,
  sampleAllow,
  sampleAsk,
  sampleOpen,
  samplePermit,
  sampleRecord,
  sampleSignature,
  spent,
} from './samples.ts'

/** What is to be committed, one list after the other, so that one action has these flows. Their agent MUST be known. */
export function flowed(flows: readonly Flow[]): Fact[][] {
  const [first] = flows
  if (first === undefined) return []
  const { action: id, agent, onBehalfOf, policies, approval, approvers, rows } = first
  const named = (name: string, columns: readonly string[] | undefined): NamedData =>
    columns === undefined ? { name } : { name, columns: [...columns] }
  const once = (all: readonly NamedData[]) => [...new Map(all.map((one) => [one.name, one])).values()]
  const reads = once(
    flows.flatMap(({ from, fromColumns }) => (from.kind === 'dataset' ? named(from.name, fromColumns) : [])),
  )
  const writes = once(flows.flatMap(({ to, toColumns }) => (to.kind === 'dataset' ? named(to.name, toColumns) : [])))
  const nameOf = (kind: Flow['to']['kind']) => flows.find(({ to }) => to.kind === kind)?.to.name
  const [destination, model] = [nameOf('destination'), nameOf('model')]
  const node = ({ name }: NamedData) => ({ name, classes: [], known: true })
  const record = sampleRecord({
    id,
    action: sampleAction({
      agent,
      verb: flows.some(({ how }) => how === 'trains') ? 'model.train' : 'data.write',
      ...(onBehalfOf !== undefined && { onBehalfOf }),
    }),
    dataUse: {
      reads: reads.map(node),
      writes: writes.map(node),
      classes: [],
      sensitive: false,
      ...(destination !== undefined && { destination: { name: destination, outside: true, known: true } }),
      ...(model !== undefined && { model: { name: model, external: false, known: true } }),
    },
    decision: { ...(approval === undefined ? sampleAllow() : sampleAsk()), because: [...policies] },
  })
  const done = { kind: 'done' as const, summary: 'Done.', ...(rows !== undefined && { rows }), reads, writes }
  if (approval === undefined) {
    const permit = samplePermit(record)
    return [begins(record, permit), [finished(permit, { outcome: done })]]
  }
  const question = sampleOpen(record, { id: approval })
  const yes = sampleSignature(question, approvers[0] ?? 'per-signer')
  const grant = granted(question, yes)
  const permit = samplePermit(record, { approval })
  return [
    [decided(record), asked(question)],
    [changed('granted', grant, yes)],
    [changed('spent', spent(grant, permit.id)), permitted(permit)],
    [finished(permit, { outcome: done })],
  ]
}
