rule other:
    output: "other.txt"
    script: "../scripts/other.py"
