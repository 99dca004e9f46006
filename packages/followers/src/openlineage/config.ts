import { z } from 'zod'

export const OpenLineageConfig = z
  .strictObject({
    url: z.url().describe('Where OpenLineage events are posted, e.g. `http://marquez:5000/api/v1/lineage`.'),
    apiKey: z.string().optional().describe('Sent as a bearer token.'),
  })
  .describe('Emits an OpenLineage event for every action.')
export type OpenLineageConfig = z.infer<typeof OpenLineageConfig>
