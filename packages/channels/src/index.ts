export { webhook, WebhookConfig } from './webhook/webhook.ts'
