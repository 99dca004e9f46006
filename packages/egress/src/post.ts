import { request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { CountersignError, type Post } from '@countersign/core'
import type { Egress } from './egress.ts'

/** For the answer to one message of a channel or follower; one that takes longer counts as failed. */
const answerWithinMs = 10_000

/**
 * One POST over the guarded way out. No redirect is followed; the answer's body is not read.
 *
 * @throws ERR_UPSTREAM, ERR_EGRESS_REFUSED
 */
export function createPost(egress: Egress): Post {
  return (url, headers, body) =>
    new Promise((resolve, reject) => {
      const target = new URL(url)
      const request = (target.protocol === 'https:' ? secure : plain)(
        target,
        { method: 'POST', headers, agent: egress.agent(target), signal: AbortSignal.timeout(answerWithinMs) },
        (response) => {
          response.destroy()
          resolve(response.statusCode ?? 0)
        },
      )
      request.once('error', (cause) => {
        reject(cause instanceof CountersignError ? cause : new CountersignError('ERR_UPSTREAM', undefined, { cause }))
      })
      request.end(body)
    })
}
