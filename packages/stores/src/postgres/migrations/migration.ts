/** Every step is one statement that may run again: DDL is not transactional everywhere. Once released, never edited. */
export interface Migration {
  readonly name: string
  readonly steps: readonly string[]
}
