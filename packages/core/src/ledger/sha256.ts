import { hash } from 'node:crypto'
import type { Hash } from './merkle.ts'

/** SHA-256 by Node. One call and a latin1 string is twice as fast here as a `Hash` object and its buffer. */
export const sha256: Hash = (bytes) => Buffer.from(hash('sha256', bytes, 'binary'), 'latin1')
