def notices(limit):
    return ["Lost: one umbrella.", "Choir on Tuesday."][:limit]
