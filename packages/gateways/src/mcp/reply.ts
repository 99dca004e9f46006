/**
 * What an answer of a server says of what was asked.
 *
 * @module
 */
import { z } from 'zod'
import type { Answer } from './conversation.ts'
import { itemsOf, membersOf } from './spans.ts'

/** How a call upstream ended. */
export type Reply =
  /** `result` is JSON as the server wrote it. */
  | { readonly kind: 'answered'; readonly result: string; readonly isError: boolean }
  /** Certainly refused, or certainly not done. */
  | { readonly kind: 'failed'; readonly says: string }
  /** Certainly not done, since the server has forgotten us: the same may be sent in a new session. */
  | { readonly kind: 'forgotten' }
  /** It may have done its work. */
  | { readonly kind: 'unknown'; readonly says: string }

const Page = z.object({ nextCursor: z.string().nullish() })

/** One page of `tools/list`, each tool as it was written. */
export function readPage(
  answer: Answer,
):
  | { readonly kind: 'page'; readonly tools: readonly string[]; readonly next: string | undefined }
  | { readonly kind: 'failed'; readonly says: string }
  | { readonly kind: 'forgotten' } {
  switch (answer.kind) {
    case 'result': {
      const page = Page.safeParse(answer.value).data
      const written = membersOf(answer.result)?.get('tools')
      const tools = written === undefined ? undefined : itemsOf(written)
      if (!page || !tools) return { kind: 'failed', says: 'the server answers something that is no list of tools' }
      return { kind: 'page', tools, next: page.nextCursor ?? undefined }
    }
    case 'error':
      // A server that has no tools need not know the method.
      if (answer.code === -32601) return { kind: 'page', tools: [], next: undefined }
      return { kind: 'failed', says: `the server answers with error ${answer.code}: ${answer.says}` }
    case 'forgotten':
      return { kind: 'forgotten' }
    case 'refused':
    case 'unknown':
    case 'late':
    case 'cut':
      return { kind: 'failed', says: answer.says }
  }
}

/** Whether a result is one of a tool that ended with an error; undefined if it is none of a tool. */
function isErrorIn(result: unknown): boolean | undefined {
  const { content, isError } = result as { readonly content?: unknown; readonly isError?: unknown }
  if (content !== undefined && !Array.isArray(content)) return undefined
  return isError === undefined || isError === null || isError === false ? false : isError === true || undefined
}

/**
 * An error answer says that it did not end well there. Two codes say nothing of that: programs that stand between us and a
 * server send them when *they* lost it or waited too long.
 */
export function replyOf(answer: Answer): Reply {
  switch (answer.kind) {
    case 'result': {
      const failed = isErrorIn(answer.value)
      if (failed === undefined) return { kind: 'unknown', says: 'what the server answered is no result of a tool' }
      return { kind: 'answered', result: answer.result, isError: failed }
    }
    case 'error': {
      const says = `the server answered with error ${answer.code}: ${answer.says}`
      return { kind: saysNothing.includes(answer.code) ? 'unknown' : 'failed', says }
    }
    case 'forgotten':
      return { kind: 'forgotten' }
    case 'refused':
      return { kind: 'failed', says: answer.says }
    case 'late':
    case 'cut':
    case 'unknown':
      return { kind: 'unknown', says: answer.says }
  }
}

/** "Connection closed" and "request timed out" of the TypeScript SDK. */
const saysNothing: readonly number[] = [-32000, -32001]
