export interface Page<Item> {
  readonly items: readonly Item[]
  /** Hand it back as `after` for the next page; absent at the end. */
  readonly next: string | undefined
}

export interface Paging {
  readonly limit?: number
  readonly after?: string | undefined
}
