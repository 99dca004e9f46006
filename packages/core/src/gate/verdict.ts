import type { ActionRecord, Refusal } from '@countersign/schema'
import type { PermitLife } from '../ports.ts'
import type { Permitted } from './run.ts'

export type Settled = Refusal | Permitted | { readonly kind: 'known'; readonly earlier: PermitLife }

/**
 * `changed`: something it rested on changed in the meantime, so it is judged again. `denying`: not yet in the record, and a
 * flood of them waits for that.
 */
export type Verdict = Settled | { readonly kind: 'changed' } | Denying

export interface Denying {
  readonly kind: 'denying'
  readonly record: ActionRecord
}
