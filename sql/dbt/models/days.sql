{# A row is the state of one step of the day. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT day, step, state, inputs, digests, note FROM {{ source('lake', 'days') }}
UNION ALL
SELECT settled.day, settled.step, settled.state, settled.inputs, settled.digests, settled.note
FROM {{ source('lake', 'days_settled') }} AS settled
WHERE NOT EXISTS (
  SELECT 1 FROM {{ source('lake', 'days') }} AS newer WHERE newer.day = settled.day AND newer.step = settled.step
)
