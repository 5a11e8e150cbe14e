{# A row is what later days compare themselves with, of one segment. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'sketches') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'summarise'
