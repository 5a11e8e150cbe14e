{# A row is a number of a day beside how it stands against its baseline. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT
  measured.day, measured.metric, measured.segment, measured.value, measured.low, measured.high, measured.n,
  compared.verdict, compared.baseline_value, compared.effect, compared.p_adjusted
FROM {{ ref('metrics') }} AS measured
LEFT JOIN {{ ref('drift') }} AS compared
  ON compared.day = measured.day AND compared.segment = measured.segment AND compared.name = 'change:' || measured.metric
WHERE measured.status = 'OK'
