{# A row is one rendered report. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'reports') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'render'
