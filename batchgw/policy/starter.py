"""The policy that `batchgw init` writes: short, commented, and good to apply as it stands."""

from __future__ import annotations

STARTER = """\
# A batchgw policy: what the gateway responses of your REST APIs shall be.
# `batchgw validate` checks it, `batchgw plan` shows what it would change, `batchgw apply` does it.
version: 1

targets:
  # regions: [eu-west-1]            # left out: the default region of your credentials
  accounts: current                 # or ["111122223333", ...], each reached through `role`
  apis:
    # include: [{name: "orders-*"}, {tags: {tier: public}}]      # left out: every API
    exclude: [{tags: {"batchgw:exempt": "true"}}]

mode: merge                         # merge: the rest stays · replace: exactly this · fill: only the untouched
unlisted: leave                     # types that are not named here: leave | reset

use: [cors, security-headers]       # batchgw presets shows what they set

responses:
  DEFAULT_4XX: &envelope
    templates:
      application/json: '{"message":$context.error.messageString,"requestId":"$context.requestId"}'
  DEFAULT_5XX: *envelope
  # UNAUTHORIZED: {status: 401, headers: {WWW-Authenticate: Bearer}}
  # THROTTLED: default              # take a customisation away

# wherever_customised:              # merged into what a team customised in its API, as these presets are, too
#   headers: {X-Content-Type-Options: nosniff}
"""
