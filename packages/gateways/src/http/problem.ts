/** A problem, its members, and the headers that go with it. */
export interface Problem {
  readonly status: number
  /** After `urn:countersign:`. Stable: clients branch on it. */
  readonly type: string
  /** Beside the status, for clients that show nothing else of an answer. Default: the status's own. */
  readonly reason?: string
  readonly title: string
  readonly detail?: string | undefined
  readonly members?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}
