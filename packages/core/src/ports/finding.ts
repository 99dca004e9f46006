/**
 * What a part has to say of its section of the configuration before it runs.
 *
 * @module
 */

/** One thing that is wrong, or will not work, and where it is written. */
export interface Finding {
  /** A problem keeps it from starting; a warning says what will not work once it has. */
  readonly level: 'problem' | 'warning'
  /** Below the section: `['upstreams', 'orders', 'routes', 'GET /orders', 'sentence']`. */
  readonly path: readonly PropertyKey[]
  /** A sentence, with the mend where there is one. */
  readonly says: string
  /** In the file whose text this key is (`file:…`), counted from 1. */
  readonly at?: { readonly line: number; readonly column: number }
}

/** What a look ahead may use. */
export interface Around {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Names are resolved, addresses called and programs started; otherwise nothing leaves this process. */
  readonly connect: boolean
}
