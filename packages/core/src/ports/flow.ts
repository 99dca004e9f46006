/**
 * What flowed where: the graph over recorded actions.
 *
 * @module
 */
import type { Page, Paging } from './page.ts'

/** What flowed where, under which action. */
export interface Flow {
  readonly action: string
  readonly at: number
  readonly agent: string
  readonly onBehalfOf: string | undefined
  readonly from: LineageNode
  /** Columns taken from `from`; absent where nobody said, and then it may be any. */
  readonly fromColumns: readonly string[] | undefined
  readonly to: LineageNode
  /** Columns written in `to`; absent where nobody said. */
  readonly toColumns: readonly string[] | undefined
  readonly how: 'reads' | 'writes' | 'sends' | 'invokes' | 'trains'
  readonly rows: number | undefined
  readonly approval: string | undefined
  readonly approvers: readonly string[]
  /** What the decision rested on. */
  readonly policies: readonly string[]
}

export interface LineageNode {
  readonly kind: 'dataset' | 'model' | 'destination' | 'agent'
  readonly name: string
}

/** What can be asked about: a node, one column of a dataset, or a person (acted for, or countersigned). */
export type LineageSubject =
  | LineageNode
  | { readonly kind: 'column'; readonly dataset: string; readonly name: string }
  | { readonly kind: 'person'; readonly name: string }

/** What flowed from one node to another. */
export interface LineageEdge {
  readonly from: LineageNode
  readonly to: LineageNode
  /** Of the newest flow. */
  readonly how: Flow['how']
  /** Absent where it was erased: then it is known only that it was. */
  readonly newest: Flow | undefined
  /** Flows between the two; 1,000 stands for that many or more. */
  readonly times: number
}

export interface Surroundings {
  /** Nearest first. `step` is negative before the subject, 0 for the subject itself, positive after it. */
  readonly nodes: readonly { readonly node: LineageNode; readonly step: number }[]
  /** Between these nodes. */
  readonly edges: readonly LineageEdge[]
  /** How many nodes lie before and after, with those left out; 5,000 stands for that many or more. */
  readonly before: number
  readonly after: number
  /** The subject with all of them, each counted once. */
  readonly total: number
}

/** Drawn from every run that was done, as late as a search (`ActionIndex`). */
export interface LineageGraph {
  /**
   * Flows that touch the subject, of the newest actions first. An agent's are those that it ran, a person's those run for
   * them or countersigned by them; a column's those that took or wrote it, or did not say which columns. A page MAY be
   * short, or empty, and have a `next`.
   */
  flows(query: { about: LineageSubject } & Paging): Promise<Page<Flow>>
  /**
   * Every node up to `depth` steps before or after the subject (default 20), each once; the `most` nearest (default 150)
   * with the edges between them, at most 1,000. Of a column, every step keeps to flows that may have held it: those that
   * took a column which it may have been written into, whatever that is called, or did not say which. Of an agent or
   * person, what their newest 500 flows came from lies before, and what they reached after. Each flow of an action is
   * counted once, however often that is told of.
   */
  around(query: { about: LineageSubject; depth?: number; most?: number }): Promise<Surroundings>
}
