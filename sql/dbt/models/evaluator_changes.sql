{# A row is whether one evaluator scores as on the baseline days. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'evaluator_changes') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'compare'
