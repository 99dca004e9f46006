import { CountersignError, defineChannel } from '@countersign/core'
import { WebhookConfig } from './config.ts'
import { messageOf, signatureHeaders } from './message.ts'

/**
 * Every change of an approval to one URL, signed as Standard Webhooks asks. The same change has the same `webhook-id`,
 * so a repeat (it comes at least once) is easy to leave out.
 */
export const webhook = defineChannel({
  name: 'webhook',
  config: WebhookConfig,

  async start({ url, secret }, { clock, postTo }) {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const post = postTo(url)
    return {
      proves: 'nothing',
      places: ['url'],
      async deliver(notice) {
        const body = JSON.stringify(messageOf(notice))
        const status = await post(url, signatureHeaders(notice.id, Math.floor(clock.now() / 1000), body, key), body)
        if (status >= 200 && status < 300) return { message: notice.id }
        if (status >= 500 || later.includes(status)) throw new CountersignError('ERR_UPSTREAM', { url, status })
        return 'gone' // wrong for good: the next question does not wait behind this one
      },
      async close() {},
    }
  },
})

/** Request Timeout, Too Early, Too Many Requests. */
const later = [408, 425, 429]
