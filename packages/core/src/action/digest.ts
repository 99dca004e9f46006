import { createHash } from 'node:crypto'
import type { Digest } from '@countersign/schema'
import { canonical } from './canonical.ts'

/** SHA-256 of text or bytes, hex. */
export const sha256Hex = (value: string | Uint8Array): string => createHash('sha256').update(value).digest('hex')

/** SHA-256 of the canonical form of a JSON value. */
export const digestOf = (value: unknown): Digest => sha256Hex(canonical(value)) as Digest
