{# A row is one number of the day in one segment. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'metrics') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'summarise'
