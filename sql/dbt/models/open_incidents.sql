{# A row is an incident that is open on the newest day that has alerts. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT incident.* FROM {{ ref('alerts') }} AS incident
WHERE incident.state NOT IN ('RESOLVED', 'ACCEPTED')
  AND incident.day = (SELECT MAX(alerted.day) FROM {{ ref('readable') }} AS alerted WHERE alerted.step = 'alert')
