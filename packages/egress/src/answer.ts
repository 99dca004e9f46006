/**
 * An answer, as far as it is here. Most come in one piece with their head, and are never a stream.
 *
 * @module
 */
import { Readable } from 'node:stream'
import { type AnswerHead, valueOf } from './reader.ts'

export interface Answer extends AnswerHead {
  /** What a field says, by its name in small letters; all of it, where it is there several times. */
  header(name: string): string | undefined
  /** Names and values in turn; known once it is complete. */
  readonly rawTrailers: readonly string[]
  readonly complete: boolean
  /** Bytes that are here and were not taken. */
  readonly waiting: number
  /** Its body, if all of it is here and nobody took it as a stream. */
  whole(): Buffer | undefined
  /** Its body as it comes, at the pace at which it is taken; ends with an error if it breaks off. */
  stream(): Readable
  /** Nobody reads any more: unless it is complete, its connection ends. */
  letGo(): void
}

export interface AnswerParts extends Answer {
  push(part: Buffer): void
  end(trailers: readonly string[]): void
  fail(error: Error): void
  readonly streams: boolean
}

/** The connection that it comes over. */
export interface Coming {
  pause(): void
  resume(): void
  destroy(): void
}

export function createAnswer(head: AnswerHead, coming: Coming): AnswerParts {
  let parts: Buffer[] = []
  let sizeBytes = 0
  let complete = false
  let failed: Error | undefined
  let trailers: readonly string[] = []
  let stream: Readable | undefined

  return {
    statusCode: head.statusCode,
    rawHeaders: head.rawHeaders,
    header: (name) => valueOf(head.rawHeaders, name),
    get rawTrailers() {
      return trailers
    },
    get complete() {
      return complete
    },
    get waiting() {
      return stream ? stream.readableLength : sizeBytes
    },
    get streams() {
      return stream !== undefined
    },
    whole() {
      if (!complete || stream) return undefined
      return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, sizeBytes)
    },
    stream() {
      stream ??= begin()
      return stream
    },
    letGo,
    push(part) {
      if (stream) {
        if (!stream.push(part)) coming.pause()
        return
      }
      parts.push(part)
      sizeBytes += part.length
    },
    end(told) {
      trailers = told
      complete = true
      stream?.push(null)
    },
    fail(error) {
      failed = error
      stream?.destroy(error)
    },
  }

  function begin(): Readable {
    const begun = new Readable({
      read: () => coming.resume(),
      destroy(error, done) {
        letGo()
        done(error)
      },
    })
    for (const part of parts) begun.push(part)
    parts = []
    if (complete) begun.push(null)
    else if (failed) begun.destroy(failed)
    return begun
  }

  function letGo(): void {
    if (!complete) coming.destroy()
  }
}
