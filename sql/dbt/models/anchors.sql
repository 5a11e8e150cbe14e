{# A row is one evaluator's score of one frozen anchor. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'anchors') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'anchor'
