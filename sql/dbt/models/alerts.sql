{# A row is one incident as it stands on the day. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT stored.* FROM {{ source('lake', 'alerts') }} AS stored
JOIN {{ ref('readable') }} AS done ON done.day = stored.day AND done.step = 'alert'
