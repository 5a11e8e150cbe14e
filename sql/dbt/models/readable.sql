{# A row is a day whose step may be read. Made by `make docs`; do not edit. What the columns hold: docs/lake.md. #}
SELECT day, step FROM {{ ref('days') }} WHERE state IN ('READY', 'NO_DATA')
