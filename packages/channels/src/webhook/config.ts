import { z } from 'zod'

export const WebhookConfig = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }),
    secret: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/)
      .describe('`whsec_` and 24 to 64 bytes of base64, as Standard Webhooks has it.'),
  })
  .describe(
    'Tells one URL of every change to a question, from when it was first configured on. Nobody answers through it: the message leads to the console.',
  )
