/**
 * What a page and its worker say to each other.
 *
 * @module
 */
import type { LedgerReport } from '@countersign/core/verify'

export type Wish =
  | { readonly kind: 'verify'; readonly origin: string; readonly vkey: string; readonly known: string | undefined }
  | { readonly kind: 'download'; readonly origin: string; readonly size: number }

export type Told =
  | { readonly kind: 'progress'; readonly done: number; readonly size: number }
  | { readonly kind: 'verified'; readonly report: LedgerReport; readonly checkpoint: string | undefined }
  | { readonly kind: 'archive'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'failed'; readonly says: string }
