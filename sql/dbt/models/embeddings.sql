{# A row is the vector of one distinct text. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'embeddings') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'collect'
