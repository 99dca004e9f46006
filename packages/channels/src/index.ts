export { WebhookConfig } from './webhook/config.ts'
export { webhook } from './webhook/webhook.ts'
