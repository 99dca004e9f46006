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

  async start({ url, secret }, { clock, publicUrl, postTo }) {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const post = postTo(url)
    return {
      async show(approval) {
        const body = JSON.stringify(messageOf(approval, publicUrl))
        const id = `${approval.id}.${approval.version}`
        const status = await post(url, signatureHeaders(id, Math.floor(clock.now() / 1000), body, key), body)
        // Gone or wrong for good: the next question must not wait behind this one.
        if (status >= 500 || status === 429) throw new CountersignError('ERR_UPSTREAM', { url, status })
      },
      async close() {},
    }
  },
})
