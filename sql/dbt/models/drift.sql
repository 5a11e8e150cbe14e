{# A row is one metric or distance of the day against its baseline. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'drift') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'compare'
