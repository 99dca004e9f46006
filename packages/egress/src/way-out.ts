/**
 * How this process reaches addresses that the operator wrote down: those may lie in its own networks, nothing else may.
 *
 * @module
 */
import type { Post, Running } from '@countersign/core'
import { createEgress, type Egress } from './egress.ts'
import { fetchThrough } from './fetch.ts'
import { createPost } from './post.ts'

export interface WayOut {
  /** To an identity provider. Keys and token endpoint, as its own documents name them, may lie elsewhere, but not in here. */
  fetchTo(issuer: string): typeof fetch
  postTo(address: string): Post
}

/** What is opened on the way is handed to `add`, to be closed with the rest. */
export function createWayOut(add: (part: Running) => unknown): WayOut {
  function egressTo(address: string): Egress {
    const egress = createEgress({ allowed: [new URL(address).origin] })
    void add({ close: async () => egress.close() })
    return egress
  }
  return {
    fetchTo(issuer) {
      const through = fetchThrough(egressTo(issuer))
      return (input, init) => through(input instanceof Request ? input.url : input, init)
    },
    postTo: (address) => createPost(egressTo(address)),
  }
}
