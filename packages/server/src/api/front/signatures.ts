import type { Approval, SignatureView } from '@countersign/schema'
import type { Viewer } from './viewer.ts'
import { moment } from './route.ts'

export const signatureViews = ({ signatures }: Approval, { names }: Viewer): Promise<SignatureView[]> =>
  Promise.all(
    signatures.map(async ({ person, verdict, reason, assurance, channel, local, at }) => ({
      person: await names.person(person),
      verdict,
      ...(reason !== undefined && { reason }),
      assurance,
      channel,
      local: local === true,
      at: moment(at),
    })),
  )
