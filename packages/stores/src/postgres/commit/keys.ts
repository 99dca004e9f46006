import { keysOf as keysOfWorld, type Lookup } from '@countersign/core'

export { type Lookup, searchable } from '@countersign/core'

/** Of the world, and of the words by which actions are found. */
export const keysOf = (lookup: Lookup) => ({
  ...keysOfWorld(lookup),
  /** As a bigint of SQL: so short that an index of millions stays small, so long that two words hardly ever meet. */
  keyword: (keyword: string) => BigInt.asIntN(64, BigInt(`0x${lookup(`keyword\n${keyword}`).slice(0, 16)}`)).toString(),
})
